import PodShare

/// The same cache without a merge function, to see the difference: a message is added by writing the room anew.
struct LastWriteWinsChatCache: Sendable {
  let rooms: Store<Room>

  static func join(as pod: String, over transport: any Transport) async throws -> LastWriteWinsChatCache {
    var configuration = StoreConfiguration<Room>()
    configuration.nodeID = pod
    configuration.joinTimeout = .milliseconds(100)
    return try await LastWriteWinsChatCache(
      rooms: .join("rooms-last-write-wins", over: transport, configuration: configuration))
  }

  func post(_ message: Message, in room: String) throws {
    try rooms.set(room, to: Room(messages(in: room) + [message]))
  }

  func messages(in room: String) -> [Message] {
    rooms[room]?.messages ?? []
  }
}
