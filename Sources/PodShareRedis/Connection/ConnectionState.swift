import NIOCore
import PodShare

/// One connection to Redis as a value: its handshake, and what is to be made of each reply. It is told what was sent and
/// what came, and says what is to be done.
///
/// Replies come in the order of the commands; published messages come in between. On a connection that subscribes,
/// version 2 of the protocol has replies that look like messages, and version 3 sets them apart; both are understood.
///
/// - Parameter Ticket: What a command's reply is handed to.
struct ConnectionState<Ticket> {
  enum Role: Sendable {
    /// Publishes, reads and writes.
    case commands
    /// Listens to channels.
    case subscriber
  }

  /// A command that was sent and is not answered.
  private enum Request {
    case hello, authentication, name, selection
    /// The last step of the handshake, which shows whether the server does what it is told.
    case trial
    /// Asks for a sign of life.
    case ping
    /// So many messages published one behind the other, of which the rest is not answered; and what is kept of them.
    case publications(count: Int, bytes: Int)
    case command(Ticket)
    case subscribe(ByteBuffer)
    case unsubscribe(ByteBuffer)
  }

  enum Phase: Equatable {
    case greeting
    case ready
    case ended
  }

  enum Action {
    case nothing
    /// The next step of the handshake.
    case send(ByteBuffer)
    /// The handshake is over.
    case ready
    case reply(Ticket, Result<RedisReply, RedisError>)
    /// One message that was published has been answered.
    case published(RedisError?)
    /// The last of some messages that were handed over at once has been answered.
    case publishedLast(bytes: Int, RedisError?)
    case message(channel: ByteBuffer, ByteBuffer)
    case subscribed(ByteBuffer)
    case end(RedisError)
  }

  let role: Role
  private let login: Login
  private(set) var phase = Phase.greeting
  /// Whether replies come in version 3 of the protocol.
  private(set) var speaksVersion3 = false
  private var requests = CircularBuffer<Request>()
  /// The handshake's steps that are still to be made.
  private var steps: [(Request, ByteBuffer)] = []

  init(role: Role, login: Login) {
    self.role = role
    self.login = login
  }

  /// How many commands are not answered.
  var unanswered: Int { requests.count }

  // MARK: Handshake

  /// Begins, in version 3; a server that does not know it says so.
  mutating func begin() -> ByteBuffer {
    var arguments = ["3"]
    if let password = login.password { arguments += ["AUTH", login.user ?? "default", password] }
    arguments += ["SETNAME", login.clientName]
    requests.append(.hello)
    return Self.command("HELLO", arguments)
  }

  private static func command(_ name: String, _ arguments: [String]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeCommand(name, arguments.map(ByteBuffer.init(string:)))
    return buffer
  }

  private mutating func greeted(_ reply: RedisReply) -> Action {
    if case .error(let text) = reply {
      // Servers before version 6 do not know the command, some proxies refuse the version, some users may not use it.
      guard text.hasPrefix("NOPROTO") || text.hasPrefix("NOPERM") || text.contains("unknown command") else {
        return .end(Self.refusal(text, login))
      }
      if let password = login.password {
        let arguments = login.user.map { [$0, password] } ?? [password]
        steps.append((.authentication, Self.command("AUTH", arguments)))
      }
      steps.append((.name, Self.command("CLIENT", ["SETNAME", login.clientName])))
    } else {
      if let error = Self.roleError(reply) { return .end(error) }
      speaksVersion3 = true
    }
    if role == .commands, login.database != 0 {
      steps.append((.selection, Self.command("SELECT", ["\(login.database)"])))
    }
    steps.append((.trial, Self.command("PING", [])))
    return nextStep()
  }

  /// Whether the server says that it is a replica: what is published there does not reach the others.
  private static func roleError(_ greeting: RedisReply) -> RedisError? {
    guard let elements = greeting.array else { return nil }
    for (name, value) in zip(elements, elements.dropFirst()) where name.text == "role" {
      guard let role = value.text, role != "master" else { return nil }
      return RedisError(.readOnly, "it is a \(role), not the primary")
    }
    return nil
  }

  private mutating func nextStep() -> Action {
    guard !steps.isEmpty else {
      phase = .ready
      return .ready
    }
    let (request, command) = steps.removeFirst()
    requests.append(request)
    return .send(command)
  }

  private static func refusal(_ text: String, _ login: Login) -> RedisError {
    let error = RedisError(reply: text)
    guard error.code == .authenticationFailed || text.contains("without any password configured") else {
      return error
    }
    let message =
      switch (login.user, login.password) {
      case (_, nil): "it wants a password: \(text)"
      case (let user?, _): "it does not accept user \(user.debugDescription) with the password given: \(text)"
      case (nil, _): "it does not accept the password given: \(text)"
      }
    return RedisError(.authenticationFailed, message)
  }

  // MARK: What is sent

  mutating func sent(_ ticket: Ticket) {
    requests.append(.command(ticket))
  }

  mutating func sentPublications(count: Int, bytes: Int) {
    requests.append(.publications(count: count, bytes: bytes))
  }

  /// Asks for a sign of life; of a server that can tell, also for its role, which may have changed.
  mutating func ping() -> ByteBuffer {
    requests.append(.ping)
    return Self.command(speaksVersion3 && role == .commands ? "HELLO" : "PING", [])
  }

  mutating func subscribe(to channel: ByteBuffer) -> ByteBuffer {
    requests.append(.subscribe(channel))
    var buffer = ByteBuffer()
    buffer.writeCommand("SUBSCRIBE", CollectionOfOne(channel))
    return buffer
  }

  mutating func unsubscribe(from channel: ByteBuffer) -> ByteBuffer {
    requests.append(.unsubscribe(channel))
    var buffer = ByteBuffer()
    buffer.writeCommand("UNSUBSCRIBE", CollectionOfOne(channel))
    return buffer
  }

  // MARK: What comes

  mutating func receive(_ message: RESPReader.Message) -> Action {
    guard phase != .ended else { return .nothing }
    if let action = receiveOutOfBand(message) { return action }
    guard let request = requests.popFirst() else {
      return .end(RedisError(.protocolViolation, "it answers what was not asked"))
    }
    let reply = message.reply
    switch request {
    case .hello: return greeted(reply)
    case .authentication:
      if case .error(let text) = reply { return .end(Self.refusal(text, login)) }
      return nextStep()
    // Not to be called by its name is no harm.
    case .name: return nextStep()
    case .selection:
      if case .error(let text) = reply {
        return .end(RedisError(.refused, "it has no database \(login.database): \(text)"))
      }
      return nextStep()
    case .trial:
      if case .error(let text) = reply { return .end(Self.refusal(text, login)) }
      return nextStep()
    case .ping:
      return Self.roleError(reply).map { .end($0) } ?? .nothing
    case .publications(let count, let bytes):
      let error = Self.error(reply)
      guard count > 1 else { return .publishedLast(bytes: bytes, error) }
      requests.prepend(.publications(count: count - 1, bytes: bytes))
      return .published(error)
    case .command(let ticket):
      return .reply(ticket, Self.error(reply).map { .failure($0) } ?? .success(reply))
    case .subscribe(let channel), .unsubscribe(let channel):
      guard case .error(let text) = reply else {
        return .end(RedisError(.protocolViolation, "it does not answer a subscription as one"))
      }
      let error = RedisError(reply: text)
      return .end(
        RedisError(
          error.code == .authenticationFailed ? Self.refusal(text, login).code : error.code,
          "cannot subscribe to \(String(buffer: channel).debugDescription): \(text)"))
    }
  }

  private static func error(_ reply: RedisReply) -> RedisError? {
    if case .error(let text) = reply { RedisError(reply: text) } else { nil }
  }

  /// What was not asked for; nil if this is the answer to a command.
  private mutating func receiveOutOfBand(_ message: RESPReader.Message) -> Action? {
    guard role == .subscriber || message.isPush else { return nil }
    guard let elements = message.reply.array, let kind = elements.first?.bytes else {
      return message.isPush ? .nothing : nil
    }
    switch kind {
    case KnownWords.message where elements.count == 3:
      guard let channel = elements[1].bytes, let payload = elements[2].bytes else { return .nothing }
      return .message(channel: channel, payload)
    case KnownWords.subscribe where elements.count == 3:
      guard case .subscribe(let channel)? = requests.first, elements[1].bytes == channel else {
        return .end(RedisError(.protocolViolation, "it confirms a subscription that is not the next"))
      }
      requests.removeFirst()
      return .subscribed(channel)
    case KnownWords.unsubscribe where elements.count == 3:
      guard case .unsubscribe(let channel)? = requests.first, elements[1].bytes == channel else {
        return .end(
          RedisError(.protocolViolation, "it confirms the end of a subscription that is not the next"))
      }
      requests.removeFirst()
      return .nothing
    case KnownWords.pong where !message.isPush:
      return nil
    default:
      // Of a kind that this client has not asked for, such as the invalidation of cached keys.
      return message.isPush ? .nothing : nil
    }
  }

  // MARK: End

  /// Ends. Returns what was not answered.
  mutating func end() -> [Ticket] {
    phase = .ended
    defer { requests.removeAll() }
    return requests.compactMap { if case .command(let ticket) = $0 { ticket } else { nil } }
  }
}

private enum KnownWords {
  static let message = ByteBuffer(string: "message")
  static let subscribe = ByteBuffer(string: "subscribe")
  static let unsubscribe = ByteBuffer(string: "unsubscribe")
  static let pong = ByteBuffer(string: "pong")
}
