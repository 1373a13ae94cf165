import PodShare

/// One of the processes that serve a chat: here all in one process, each with a connection of its own.
struct ChatPod: Sendable {
  let connection: MemoryTransport
  let chat: ChatCache
  let lastWriteWins: LastWriteWinsChatCache

  static func start(_ name: String, on network: MemoryNetwork) async throws -> ChatPod {
    let connection = MemoryTransport(on: network)
    return try await ChatPod(
      connection: connection, chat: .join(as: name, over: connection),
      lastWriteWins: .join(as: name, over: connection))
  }

  /// Takes in a message from a user, for both caches.
  func post(_ message: Message) throws {
    try chat.post(message, in: "lobby")
    try lastWriteWins.post(message, in: "lobby")
  }

  func stop() async throws {
    try await chat.rooms.close()
    try await lastWriteWins.rooms.close()
    try await connection.close()
  }
}
