import PodShare

extension Connection {
  /// Writes something, and leaves the fleet when some other pod has it.
  func writing(
    _ write: (Store<JSONValue>) throws -> Version
  ) async throws(Failure) -> Version {
    let version: Version
    do {
      version = try write(store)
    } catch {
      await close()
      throw Failure(.failed, (error as? StoreError)?.message ?? "\(error)")
    }
    try await closeConfirmed()
    return version
  }
}
