public import PodShare

/// The next event of a watch.
public func next<Value>(in watch: Watch<Value>) async throws -> Event<Value> {
  for try await event in watch { return event }
  throw Unexpected("the watch goes on")
}

/// Waits until a key of a store has a value that is as it should be, or none if that is.
public func wait<Value>(
  for key: String, in store: Store<Value>, toBe isExpected: (Value?) -> Bool
) async throws {
  for await value in store.values(of: key) where isExpected(value) { return }
  throw Unexpected("\(store.nodeID) goes on telling the values of \(key)")
}
