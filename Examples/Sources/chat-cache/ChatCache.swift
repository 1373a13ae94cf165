import Foundation
import PodShare

/// The newest messages of all chat rooms, on one pod. Reading a room costs no round trip; what is older comes from
/// wherever the messages are kept for good.
struct ChatCache: Sendable {
  let rooms: Store<Room>

  static func join(as pod: String, over transport: any Transport) async throws -> ChatCache {
    var configuration = StoreConfiguration<Room>()
    configuration.nodeID = pod
    configuration.merge = Merge { $0.joined(with: $1) }
    // How long the first pod waits for others. The default suits a real network.
    configuration.joinTimeout = .milliseconds(100)
    return try await ChatCache(rooms: .join("rooms", over: transport, configuration: configuration))
  }

  /// Adds a message. Only the message itself is sent: as there is a merge function, a set adds to what is there.
  func post(_ message: Message, in room: String) throws {
    try rooms.set(room, to: Room([message]))
  }

  /// The newest messages of a room, oldest first.
  func messages(in room: String) -> [Message] {
    rooms[room]?.messages ?? []
  }
}

extension Message {
  /// A new message, of now unless told otherwise.
  init(_ text: String, by author: String, at time: Int = Int(Date().timeIntervalSince1970 * 1_000)) {
    self.init(id: UUID().uuidString, time: time, author: author, text: text)
  }
}
