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
  static func filled(
    _ keys: [String], on network: MemoryNetwork = MemoryNetwork()
  ) async throws -> Store<Limits> {
    let store = try await joined(of: Limits.self, on: network)
    for (number, key) in keys.enumerated() { try store.set(key, to: Limits(number)) }
    return store
  }

  /// Waits until a store holds these values. What was counted does not tell: when healing brings an entry before the write
  /// itself comes, that write changes nothing any more.
  static func wait(for store: Store<Limits>, toHold values: [(String, Limits)]) async throws {
    for (key, value) in values {
      while store[key] != value { try await Task.sleep(for: .microseconds(100)) }
    }
  }
}
