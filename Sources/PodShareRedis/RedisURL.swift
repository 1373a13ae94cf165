/// A Redis URL, taken apart: `redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DATABASE]`, or `rediss://` with TLS.
///
/// Characters that have a meaning in a URL stand in a user's name or password as `%` and two hexadecimal digits.
struct RedisURL: Hashable {
  var isEncrypted: Bool
  var user: String?
  var password: String?
  var addresses: [RedisAddress]
  var database: Int

  init(_ text: String) throws(RedisError) {
    guard let separator = text.firstRange(of: "://") else {
      throw Self.error("it begins with redis:// or rediss://, unlike \(Self.withoutPassword(text))")
    }
    switch text[..<separator.lowerBound].lowercased() {
    case "redis", "valkey": isEncrypted = false
    case "rediss", "valkeys": isEncrypted = true
    default: throw Self.error("it begins with redis:// or rediss://, unlike \(Self.withoutPassword(text))")
    }
    var rest = text[separator.upperBound...]
    if let at = rest.lastIndex(of: "@") {
      let credentials = rest[..<at]
      rest = rest[rest.index(after: at)...]
      let colon = credentials.firstIndex(of: ":")
      let name = try Self.decoded(credentials[..<(colon ?? credentials.endIndex)])
      user = name.isEmpty ? nil : name
      if let colon { password = try Self.decoded(credentials[credentials.index(after: colon)...]) }
      guard user == nil || password != nil else { throw Self.error("there is a user, but no password") }
    }
    if let extra = rest.first(where: { $0 == "?" || $0 == "#" }) {
      throw Self.error("nothing may follow the database, unlike \(extra)")
    }
    database = 0
    if let slash = rest.firstIndex(of: "/") {
      let digits = rest[rest.index(after: slash)...]
      rest = rest[..<slash]
      if !digits.isEmpty {
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(digits), number <= 65_535 else {
          throw Self.error("a database is a number, unlike \(String(digits).debugDescription)")
        }
        database = number
      }
    }
    addresses = []
    for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
      guard let address = RedisAddress(part) else {
        throw Self.error("a server is HOST or HOST:PORT, unlike \(String(part).debugDescription)")
      }
      addresses.append(address)
    }
  }

  private static func decoded(_ text: Substring) throws(RedisError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
        throw error("a % stands before two hexadecimal digits")
      }
      bytes.append(decoded)
      rest = rest.dropFirst(2)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw error("a user's name or password is not UTF-8")
    }
    return decoded
  }

  private static func error(_ what: String) -> RedisError {
    RedisError(.invalidConfiguration, "the URL of a Redis server is wrong: \(what)")
  }

  /// What may be shown of a text that is no URL: it may hold a password all the same.
  private static func withoutPassword(_ text: String) -> String {
    guard let at = text.lastIndex(of: "@") else { return text.debugDescription }
    return "...\(text[at...])".debugDescription
  }
}
