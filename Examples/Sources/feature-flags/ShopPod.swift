import PodShare

/// One of the processes that serve a shop: here all in one process, each with a connection of its own.
struct ShopPod: Sendable {
  let name: String
  let connection: MemoryTransport
  let flags: FeatureFlags

  static func start(_ name: String, on network: MemoryNetwork) async throws -> ShopPod {
    let connection = MemoryTransport(on: network)
    return try await ShopPod(
      name: name, connection: connection, flags: .join(as: name, over: connection))
  }

  /// What a request handler does: it asks the flags each time, and keeps nothing.
  func checkout(for user: String) -> String {
    flags.isOn(.newCheckout, for: user) ? "the new checkout" : "the old checkout"
  }

  func stop() async throws {
    try await flags.close()
    try await connection.close()
  }
}
