import PodShare

/// A store with all that a test wants to reach around it.
struct Pod<Value: Sendable>: Sendable {
  let store: Store<Value>
  let transport: MemoryTransport
  let errors: ErrorLog
}

extension MemoryNetwork {
  /// Joins a pod to this network.
  ///
  /// - Parameter isFirst: Nobody is there yet, so nobody is waited for.
  func pod<Value: Sendable>(
    _ nodeID: String, topic: String = "topic", isFirst: Bool = false,
    configuration: StoreConfiguration<Value>
  ) async throws -> Pod<Value> {
    let transport = MemoryTransport(on: self)
    let errors = ErrorLog()
    var configuration = configuration
    configuration.nodeID = nodeID
    // Whoever is there answers, be the machine ever so busy.
    configuration.joinTimeout = isFirst ? .zero : .seconds(50)
    let onError = configuration.onError
    configuration.onError = {
      errors.record($0)
      onError?($0)
    }
    let store = try await Store.join(topic, over: transport, configuration: configuration)
    return Pod(store: store, transport: transport, errors: errors)
  }

  /// Joins a pod with `Codable` values to this network.
  func pod<Value: Codable & Sendable>(
    _ nodeID: String, of _: Value.Type = Value.self, topic: String = "topic", isFirst: Bool = false,
    configure: (inout StoreConfiguration<Value>) -> Void = { _ in }
  ) async throws -> Pod<Value> {
    var configuration = StoreConfiguration<Value>()
    configure(&configuration)
    return try await pod(nodeID, topic: topic, isFirst: isFirst, configuration: configuration)
  }

  /// Joins two pods.
  func pods<Value: Codable & Sendable>(
    of _: Value.Type = Value.self, configure: (inout StoreConfiguration<Value>) -> Void = { _ in }
  ) async throws -> (Pod<Value>, Pod<Value>) {
    let a: Pod<Value> = try await pod("a", isFirst: true, configure: configure)
    let b: Pod<Value> = try await pod("b", configure: configure)
    return (a, b)
  }
}

extension Store {
  /// The entries by their keys' bytes: what two replicas must have in common.
  var contents: [Key: Entry<Value>] {
    Dictionary(uniqueKeysWithValues: snapshot().map { (Key($0.key), $0) })
  }
}
