extension Store {
  static var closeTimeout: Duration { .seconds(5) }

  /// Closes the store: refuses writes from now on, has what is left sent, waiting five seconds at most, ends all
  /// watches with `nil`, and leaves the topic. Reads go on answering the last state.
  ///
  /// Closing again does nothing. Cancelling the task that waits ends the waiting, not the closing.
  ///
  /// - Throws: `broadcastFailed` if not everything could be handed to the transport; the store is closed all the
  ///   same. `cancelled`.
  public func close() async throws(StoreError) {
    try await close(timeout: Self.closeTimeout)
  }

  /// Closes the store, waiting no longer than `timeout` for what is left to be sent.
  public func close(timeout: Duration) async throws(StoreError) {
    try await core.close(timeout: timeout)
  }
}
