import NIOCore
import Testing

@testable import PodShareRedis

@Suite("One connection, as a value")
struct ConnectionStateTests {
  private typealias State = ConnectionState<Int>

  private static func state(
    _ role: State.Role = .commands, user: String? = nil, password: String? = nil, database: Int = 0
  ) -> State {
    State(role: role, login: Login(user: user, password: password, clientName: "test", database: database))
  }

  /// A command's words.
  private static func text(_ command: ByteBuffer) -> String {
    var reader = RESPReader()
    reader.append(command)
    return (try? reader.next())?.reply.array?.compactMap(\.text).joined(separator: " ") ?? "no command"
  }

  private static func reply(_ reply: RedisReply, isPush: Bool = false) -> RESPReader.Message {
    .init(reply: reply, isPush: isPush)
  }

  private static func bytes(_ text: String) -> RedisReply { .bytes(ByteBuffer(string: text)) }

  /// Goes through a handshake, and returns the commands that it consists of.
  private static func greet(_ state: inout State, _ replies: RedisReply...) -> ([String], RedisError?) {
    var commands = [text(state.begin())]
    for answer in replies {
      switch state.receive(reply(answer)) {
      case .send(let command): commands.append(text(command))
      case .ready: return (commands, nil)
      case .end(let error): return (commands, error)
      default: Issue.record("no step of a handshake")
      }
    }
    return (commands, nil)
  }

  private static let greeting = RedisReply.array(["server", "redis", "role", "master"].map(bytes))

  @Test("The handshake in version 3, with everything in one command")
  func version3() {
    var state = Self.state(user: "u", password: "p", database: 2)
    let (commands, error) = Self.greet(&state, Self.greeting, Self.bytes("OK"), Self.bytes("PONG"))
    #expect(commands == ["HELLO 3 AUTH u p SETNAME test", "SELECT 2", "PING"])
    #expect(error == nil)
    #expect(state.phase == .ready && state.speaksVersion3)
  }

  @Test("A server that knows only version 2: one step after the other; not to be named is no harm")
  func version2() {
    var state = Self.state(password: "p")
    let (commands, error) = Self.greet(
      &state, .error("ERR unknown command `HELLO`"), Self.bytes("OK"), .error("ERR unknown subcommand"),
      Self.bytes("PONG"))
    #expect(commands == ["HELLO 3 AUTH default p SETNAME test", "AUTH p", "CLIENT SETNAME test", "PING"])
    #expect(error == nil)
    #expect(state.phase == .ready && !state.speaksVersion3)
  }

  @Test(
    "What a server refuses the handshake for is told in words",
    arguments: [
      ("NOAUTH Authentication required.", RedisError.Code.authenticationFailed),
      ("WRONGPASS invalid username-password pair", .authenticationFailed),
      ("LOADING Redis is loading the dataset in memory", .loading),
      ("ERR max number of clients reached", .refused),
    ])
  func refusals(text: String, code: RedisError.Code) {
    var state = Self.state()
    let (_, error) = Self.greet(&state, .error(text))
    #expect(error?.code == code)
    #expect(error?.message.contains(text) == true)
  }

  @Test("A replica is refused, at the beginning and when it becomes one")
  func replicas() {
    let replica = RedisReply.array(["role", "replica"].map(Self.bytes))
    var state = Self.state()
    #expect(Self.greet(&state, replica).1?.code == .readOnly)
    state = Self.state()
    _ = Self.greet(&state, Self.greeting, Self.bytes("PONG"))
    #expect(Self.text(state.ping()) == "HELLO")
    guard case .end(let error) = state.receive(Self.reply(replica)) else {
      Issue.record("it stays with a replica")
      return
    }
    #expect(error.code == .readOnly)
  }

  @Test("Replies go to commands in their order, with publications and signs of life between them")
  func order() {
    var state = Self.state()
    _ = Self.greet(&state, Self.greeting, Self.bytes("PONG"))
    state.sent(1)
    state.sentPublications(count: 2, bytes: 30)
    _ = state.ping()
    state.sent(2)
    var log: [String] = []
    for answer in [
      RedisReply.integer(1), .integer(0), .error("NOPERM no"), Self.greeting, .error("OOM full"),
    ] {
      switch state.receive(Self.reply(answer)) {
      case .reply(let ticket, .success(let reply)): log.append("\(ticket) \(reply)")
      case .reply(let ticket, .failure(let error)): log.append("\(ticket) \(error.code)")
      case .published(let error): log.append("published \(error?.code.description ?? "")")
      case .publishedLast(let bytes, let error): log.append("last \(bytes) \(error?.code.description ?? "")")
      case .nothing: log.append("nothing")
      default: log.append("?")
      }
    }
    #expect(log == ["1 integer(1)", "published ", "last 30 notPermitted", "nothing", "2 outOfMemory"])
    #expect(state.unanswered == 0)
    guard case .end(let error) = state.receive(Self.reply(.integer(1))) else {
      Issue.record("a reply to nothing is taken")
      return
    }
    #expect(error.code == .protocolViolation)
  }

  @Test("Subscriptions are confirmed in both versions, with messages between", arguments: [false, true])
  func subscriptions(isVersion3: Bool) {
    var state = Self.state(.subscriber)
    if isVersion3 {
      _ = Self.greet(&state, Self.greeting, Self.bytes("PONG"))
    } else {
      _ = Self.greet(&state, .error("NOPROTO"), Self.bytes("OK"), Self.bytes("PONG"))
    }
    let channel = ByteBuffer(string: "c")
    #expect(Self.text(state.subscribe(to: channel)) == "SUBSCRIBE c")
    _ = state.ping()
    _ = state.unsubscribe(from: channel)
    let messages: [RESPReader.Message] = [
      Self.reply(.array([Self.bytes("message"), Self.bytes("other"), Self.bytes("m")]), isPush: isVersion3),
      Self.reply(.array([Self.bytes("subscribe"), Self.bytes("c"), .integer(1)]), isPush: isVersion3),
      isVersion3 ? Self.reply(Self.bytes("PONG")) : Self.reply(.array([Self.bytes("pong"), Self.bytes("")])),
      Self.reply(.array([Self.bytes("unsubscribe"), Self.bytes("c"), .integer(0)]), isPush: isVersion3),
    ]
    var log: [String] = []
    for message in messages {
      switch state.receive(message) {
      case .message(let channel, let text): log.append("\(String(buffer: channel)): \(String(buffer: text))")
      case .subscribed(let channel): log.append("subscribed \(String(buffer: channel))")
      case .nothing: log.append("nothing")
      case .end(let error): log.append("\(error)")
      default: log.append("?")
      }
    }
    #expect(log == ["other: m", "subscribed c", "nothing", "nothing"])
    #expect(state.unanswered == 0)
  }

  @Test("A channel that the user may not hear ends the connection, and says which")
  func forbiddenChannel() {
    var state = Self.state(.subscriber)
    _ = Self.greet(&state, Self.greeting, Self.bytes("PONG"))
    _ = state.subscribe(to: ByteBuffer(string: "secret"))
    guard case .end(let error) = state.receive(Self.reply(.error("NOPERM no access"))) else {
      Issue.record("it goes on")
      return
    }
    #expect(error.code == .notPermitted)
    #expect(error.message.contains("\"secret\""))
  }

  @Test("At its end, what was not answered is given back")
  func end() {
    var state = Self.state()
    _ = Self.greet(&state, Self.greeting, Self.bytes("PONG"))
    state.sent(1)
    state.sentPublications(count: 3, bytes: 3)
    state.sent(2)
    #expect(state.end() == [1, 2])
    #expect(state.phase == .ended)
    guard case .nothing = state.receive(Self.reply(.integer(1))) else {
      Issue.record("something comes of a reply after the end")
      return
    }
  }
}
