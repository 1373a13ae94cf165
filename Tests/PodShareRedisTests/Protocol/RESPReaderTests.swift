import NIOCore
import Testing

@testable import PodShareRedis

@Suite("Reading Redis's protocol")
struct RESPReaderTests {
  private static let examples: [(String, [RESPReader.Message])] = [
    ("+OK\r\n", [.init(reply: .bytes(ByteBuffer(string: "OK")), isPush: false)]),
    ("-ERR no\r\n", [.init(reply: .error("ERR no"), isPush: false)]),
    (
      ":-42\r\n:9223372036854775807\r\n:-9223372036854775808\r\n:+7\r\n",
      [-42, .max, .min, 7].map { .init(reply: .integer($0), isPush: false) }
    ),
    (
      "$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n",
      ["a\r\nbc", "", nil].map {
        .init(reply: $0.map { .bytes(ByteBuffer(string: $0)) } ?? .null, isPush: false)
      }
    ),
    (
      "*3\r\n:1\r\n*0\r\n*2\r\n$1\r\na\r\n*-1\r\n",
      [
        .init(
          reply: .array([.integer(1), .array([]), .array([.bytes(ByteBuffer(string: "a")), .null])]),
          isPush: false)
      ]
    ),
    (
      "_\r\n#t\r\n#f\r\n,1.5\r\n,inf\r\n(123456789012345678901234567890\r\n",
      [
        .init(reply: .null, isPush: false), .init(reply: .boolean(true), isPush: false),
        .init(reply: .boolean(false), isPush: false), .init(reply: .double(1.5), isPush: false),
        .init(reply: .double(.infinity), isPush: false),
        .init(reply: .bytes(ByteBuffer(string: "123456789012345678901234567890")), isPush: false),
      ]
    ),
    (
      "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n~1\r\n:3\r\n=6\r\ntxt:hi\r\n!3\r\nERR\r\n",
      [
        .init(
          reply: .array([
            .bytes(ByteBuffer(string: "a")), .integer(1), .bytes(ByteBuffer(string: "b")), .integer(2),
          ]), isPush: false),
        .init(reply: .array([.integer(3)]), isPush: false),
        .init(reply: .bytes(ByteBuffer(string: "hi")), isPush: false),
        .init(reply: .error("ERR"), isPush: false),
      ]
    ),
    (
      ">3\r\n+message\r\n+c\r\n$1\r\nx\r\n|1\r\n+ttl\r\n:9\r\n:5\r\n",
      [
        .init(reply: .array(["message", "c", "x"].map { .bytes(ByteBuffer(string: $0)) }), isPush: true),
        .init(reply: .integer(5), isPush: false),
      ]
    ),
  ]

  private static func read(_ parts: [ByteBuffer]) throws -> [RESPReader.Message] {
    var reader = RESPReader()
    var messages: [RESPReader.Message] = []
    for part in parts {
      reader.append(part)
      while let message = try reader.next() { messages.append(message) }
    }
    #expect(reader.pendingBytes == 0)
    return messages
  }

  @Test("Every kind of reply is read, whole, byte by byte, and cut anywhere", arguments: 0..<examples.count)
  func kinds(example: Int) throws {
    let (text, expected) = Self.examples[example]
    let bytes = Array(text.utf8)
    #expect(try Self.read([ByteBuffer(bytes: bytes)]) == expected)
    #expect(try Self.read(bytes.map { ByteBuffer(bytes: [$0]) }) == expected)
    for cut in 1..<bytes.count {
      let parts = [ByteBuffer(bytes: bytes[..<cut]), ByteBuffer(bytes: bytes[cut...])]
      #expect(try Self.read(parts) == expected, "cut at \(cut)")
    }
  }

  @Test(
    "What is no reply is an error, at once",
    arguments: [
      "x\r\n", "\r\n", ":\r\n", ":1a\r\n", ":9223372036854775808\r\n", ":99999999999999999999\r\n", "$-2\r\n",
      "$999999999999\r\n", "*-2\r\n", "*99999999999\r\n", "%3000000\r\n", ">0\r\n", "*1\r\n>1\r\n:1\r\n",
      "#x\r\n",
      ",x\r\n", "_x\r\n", "$1\r\nabc", "=2\r\nab\r\n", "+a\rb\r\n",
      String(repeating: "*1\r\n", count: 17), String(repeating: "+", count: 70_000),
    ])
  func garbage(text: String) {
    var reader = RESPReader()
    reader.append(ByteBuffer(string: text))
    #expect(throws: RESPError.self) {
      while try reader.next() != nil {}
    }
  }

  @Test("A header that promises much takes no memory before the bytes come")
  func promises() throws {
    var reader = RESPReader()
    reader.append(ByteBuffer(string: "*4000000\r\n$536870912\r\n"))
    #expect(try reader.next() == nil)
    #expect(reader.pendingBytes < 1_024)
  }

  @Test("A long reply that comes in many pieces takes time in proportion to its length")
  func pieces() throws {
    let element = "$100\r\n" + String(repeating: "x", count: 100) + "\r\n"
    let bytes = ByteBuffer(string: "*20000\r\n" + String(repeating: element, count: 20_000))
    var rest = bytes
    var reader = RESPReader()
    var message: RESPReader.Message?
    while let part = rest.readSlice(length: min(100, rest.readableBytes)), part.readableBytes > 0 {
      reader.append(part)
      if let next = try reader.next() { message = next }
    }
    #expect(message?.reply.array?.count == 20_000)
  }
}
