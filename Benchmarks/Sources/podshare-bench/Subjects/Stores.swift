import PodShare

enum Stores {
  /// A store that has joined, alone unless there is a network.
  static func joined<Value: Codable>(
    of type: Value.Type, on network: MemoryNetwork = MemoryNetwork()
  ) async throws -> Store<Value> {
    var configuration = StoreConfiguration<Value>()
    configuration.joinTimeout = .milliseconds(1)
    return try await Store.join("bench", over: MemoryTransport(on: network), configuration: configuration)
  }

  /// One that holds limits for so many keys.
  static func filled(_ keys: [String]) async throws -> Store<Limits> {
    let store = try await joined(of: Limits.self)
    for (number, key) in keys.enumerated() { try store.set(key, to: Limits(number)) }
    return store
  }
}
