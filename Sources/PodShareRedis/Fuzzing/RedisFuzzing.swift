import NIOCore
import PodShare

/// Feeds a connection to Redis with bytes, as a server would, and traps if a property does not hold.
///
/// Not for users: the package `Fuzz` of this repository calls it, which cannot see what is internal.
@_spi(Fuzzing)
public enum RedisFuzzing {
  /// The first byte says in how large pieces the others come, and to which of the two connections.
  public static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let size = Int(first >> 2) + 1
    let whole = read(bytes, inPiecesOf: max(bytes.count, 1))
    let pieces = read(bytes, inPiecesOf: size)
    precondition(whole == pieces, "what is read depends on the pieces in which it comes")
    for reply in whole.messages { check(reply.reply, depth: 0, of: bytes.count) }
    converse(whole.messages, as: first & 1 == 0 ? .commands : .subscriber, isReady: first & 2 != 0)
  }

  private struct Reading: Equatable {
    var messages: [RESPReader.Message] = []
    var isOver = false
  }

  private static func read(_ bytes: [UInt8], inPiecesOf size: Int) -> Reading {
    var reader = RESPReader(limits: .init(stringBytes: 4_096, elements: 4_096, depth: 16, lineBytes: 512))
    var reading = Reading()
    var rest = bytes[...]
    while !rest.isEmpty, !reading.isOver {
      reader.append(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
      do throws(RESPError) {
        while let message = try reader.next() { reading.messages.append(message) }
      } catch {
        reading.isOver = true
      }
      precondition(reader.pendingBytes <= bytes.count, "more is kept than came")
    }
    return reading
  }

  private static func check(_ reply: RedisReply, depth: Int, of bytes: Int) {
    precondition(depth <= 16, "nested deeper than allowed")
    switch reply {
    case .array(let elements):
      precondition(elements.count <= bytes, "more elements than bytes")
      for element in elements { check(element, depth: depth + 1, of: bytes) }
    case .bytes(let bytes): precondition(bytes.readableBytes <= 4_096, "longer than allowed")
    case .null, .integer, .double, .boolean, .error: break
    }
  }

  private static func converse(
    _ messages: [RESPReader.Message], as role: ConnectionState<Int>.Role, isReady: Bool
  ) {
    var state = ConnectionState<Int>(
      role: role, login: Login(user: "user", password: "password", clientName: "fuzz", database: 1))
    _ = state.begin()
    if isReady {
      while state.phase == .greeting {
        _ = state.receive(.init(reply: .bytes(ByteBuffer(string: "OK")), isPush: false))
      }
    }
    var (sent, answered) = (0, 0)
    for message in messages {
      if state.phase == .ready {
        if role == .commands {
          state.sent(sent)
          state.sentPublications(count: 2, bytes: 10)
          sent += 1
        } else {
          _ = state.subscribe(to: ByteBuffer(string: "channel"))
          _ = state.unsubscribe(from: ByteBuffer(string: "channel"))
        }
        _ = state.ping()
      }
      switch state.receive(message) {
      case .reply(let ticket, _):
        precondition(ticket == answered, "a reply for another command")
        answered += 1
      case .end: answered += state.end().count
      case .nothing, .send, .ready, .published, .publishedLast, .message, .subscribed: break
      }
      if state.phase == .ended { break }
    }
    answered += state.end().count
    precondition(answered == sent, "commands that are neither answered nor failed")
  }
}
