import Foundation

/// How the characters of JSON text are written as bytes, as far as its beginning tells.
///
/// JSON is UTF-8. Foundation reads UTF-16 and UTF-32 besides, with a byte order mark or without one, by the zero bytes
/// that they have among the first four: the first characters of JSON are ASCII.
enum TextEncoding {
  /// UTF-8, behind a byte order mark of some length.
  case utf8(markLength: Int)
  case other(String.Encoding, markLength: Int)

  init(of bytes: UnsafeRawBufferPointer) {
    // Nearly all JSON begins with two bytes that say enough.
    if bytes.count >= 2, 0x01...0xee ~= bytes[0], bytes[1] != 0 {
      self = .utf8(markLength: 0)
    } else {
      self = Self.looking(at: bytes.prefix(4).map { $0 })
    }
  }

  private static func looking(at start: [UInt8]) -> TextEncoding {
    if start == [0, 0, 0xfe, 0xff] { return .other(.utf32BigEndian, markLength: 4) }
    if start == [0xfe, 0xff, 0, 0] { return .other(.utf32LittleEndian, markLength: 4) }
    if start.starts(with: [0xfe, 0xff]) { return .other(.utf16BigEndian, markLength: 2) }
    if start.starts(with: [0xff, 0xfe]) { return .other(.utf16LittleEndian, markLength: 2) }
    if start.starts(with: [0xef, 0xbb, 0xbf]) { return .utf8(markLength: 3) }
    switch start.map({ $0 == 0 }) {
    case [true, true, true, false]: return .other(.utf32BigEndian, markLength: 0)
    case [false, true, true, true]: return .other(.utf32LittleEndian, markLength: 0)
    case [true, false, true, false], [true, false]: return .other(.utf16BigEndian, markLength: 0)
    case [false, true, false, true], [false, true]: return .other(.utf16LittleEndian, markLength: 0)
    default: return .utf8(markLength: 0)
    }
  }
}
