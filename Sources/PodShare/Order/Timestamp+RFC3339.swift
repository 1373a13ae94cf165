// Timestamps as text: RFC 3339, as the Go library's wire and people read them.

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with nanoseconds, trailing zeros trimmed: `2026-05-28T10:00:00.1234Z`.
  public var description: String {
    String(decoding: rfc3339, as: UTF8.self)
  }

  /// The bytes of ``description``.
  package var rfc3339: [UInt8] {
    let (seconds, fraction) = nanoseconds.flooredQuotientAndRemainder(dividingBy: 1_000_000_000)
    let (days, secondOfDay) = seconds.flooredQuotientAndRemainder(dividingBy: CivilDate.secondsPerDay)
    let date = CivilDate(daysSince1970: days)
    var text: [UInt8] = []
    text.reserveCapacity(30)
    text.append(date.year, digits: 4)
    text.append(UInt8(ascii: "-"))
    text.append(date.month, digits: 2)
    text.append(UInt8(ascii: "-"))
    text.append(date.day, digits: 2)
    text.append(UInt8(ascii: "T"))
    text.append(secondOfDay / 3_600, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(secondOfDay / 60 % 60, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(secondOfDay % 60, digits: 2)
    if fraction > 0 {
      text.append(UInt8(ascii: "."))
      text.append(fraction, digits: 9)
      while text.last == UInt8(ascii: "0") { text.removeLast() }
    }
    text.append(UInt8(ascii: "Z"))
    return text
  }

  package enum RFC3339Error: Error {
    case malformed
    /// A date, but before 1970 or after 2199.
    case outOfRange
  }

  /// Reads RFC 3339 strictly: upper-case `T` and `Z`, a zone, two digits for each of hour, minute and second, and a
  /// day that exists. Digits beyond nanoseconds are cut off. The offset may be anything up to 23:59.
  package init(rfc3339 text: ArraySlice<UInt8>) throws(RFC3339Error) {
    var reader = DigitReader(text)
    let year = try reader.number(4)
    try reader.expect("-")
    let month = try reader.number(2, in: 1...12)
    try reader.expect("-")
    let day = try reader.number(2, in: 1...CivilDate.daysInMonth(month, of: year))
    try reader.expect("T")
    let hour = try reader.number(2, in: 0...23)
    try reader.expect(":")
    let minute = try reader.number(2, in: 0...59)
    try reader.expect(":")
    let second = try reader.number(2, in: 0...59)
    let fraction = try reader.fraction()
    let offset = try reader.offset()
    guard reader.isAtEnd else { throw .malformed }

    let days = CivilDate(year: year, month: month, day: day).daysSince1970
    let seconds = days * CivilDate.secondsPerDay + hour * 3_600 + minute * 60 + second - offset
    guard seconds >= 0, seconds <= Self.latest.nanoseconds / 1_000_000_000 else { throw .outOfRange }
    self.init(nanoseconds: seconds * 1_000_000_000 + fraction)
  }
}

/// A day of the proleptic Gregorian calendar. (Hinnant: "chrono-compatible low-level date algorithms", 2013.)
private struct CivilDate {
  static let secondsPerDay: Int64 = 86_400
  private static let daysPerEra: Int64 = 146_097
  /// From 0000-03-01, where the algorithm counts from, to 1970-01-01.
  private static let daysTo1970: Int64 = 719_468

  var year: Int64
  var month: Int64
  var day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(daysSince1970 days: Int64) {
    let (era, dayOfEra) = (days + Self.daysTo1970).flooredQuotientAndRemainder(dividingBy: Self.daysPerEra)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int64 {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).flooredQuotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * Self.daysPerEra + dayOfEra - Self.daysTo1970
  }

  static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads fixed numbers of digits.
private struct DigitReader {
  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) {
    rest = text
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func expect(_ character: Unicode.Scalar) throws(Timestamp.RFC3339Error) {
    guard rest.popFirst() == UInt8(ascii: character) else { throw .malformed }
  }

  private mutating func digit() -> Int64? {
    guard let byte = rest.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
    rest.removeFirst()
    return Int64(byte - UInt8(ascii: "0"))
  }

  mutating func number(
    _ digits: Int, in range: ClosedRange<Int64> = 0...9_999
  ) throws(Timestamp.RFC3339Error) -> Int64 {
    var number: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { throw .malformed }
      number = number * 10 + digit
    }
    guard range.contains(number) else { throw .malformed }
    return number
  }

  /// Nanoseconds, from as many digits as there are; 0 if there is no point.
  mutating func fraction() throws(Timestamp.RFC3339Error) -> Int64 {
    guard rest.first == UInt8(ascii: ".") else { return 0 }
    rest.removeFirst()
    var nanoseconds: Int64 = 0
    var digits = 0
    while let digit = digit() {
      if digits < 9 { nanoseconds = nanoseconds * 10 + digit }
      digits += 1
    }
    guard digits > 0 else { throw .malformed }
    for _ in min(digits, 9)..<9 { nanoseconds *= 10 }
    return nanoseconds
  }

  /// Seconds east of UTC.
  mutating func offset() throws(Timestamp.RFC3339Error) -> Int64 {
    let sign: Int64
    switch rest.popFirst() {
    case UInt8(ascii: "Z"): return 0
    case UInt8(ascii: "+"): sign = 1
    case UInt8(ascii: "-"): sign = -1
    default: throw .malformed
    }
    let hours = try number(2, in: 0...23)
    try expect(":")
    return sign * (hours * 3_600 + (try number(2, in: 0...59)) * 60)
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: Int64, digits: Int) {
    let start = count
    var rest = number
    for _ in 0..<digits {
      insert(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10), at: start)
      rest /= 10
    }
  }
}

extension Int64 {
  fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
