extension Store {
  static var closeTimeout: Duration { .seconds(5) }

  /// Closes the store: refuses writes from now on, has what is left sent, waits until some other pod has everything that
  /// was written here, says goodbye, ends all watches with `nil`, and leaves the topic. Reads go on answering the last
  /// state.
  ///
  /// All of that takes five seconds at most, and the wait for another pod two sync intervals, but at least one second and
  /// at most two. Who is alone does not wait. If nobody confirms, ``StoreError/Code/unconfirmed`` is reported, not thrown.
  ///
  /// Closing again does nothing. Cancelling the task that waits ends the waiting, not the closing.
  ///
  /// - Throws: `broadcastFailed` if not everything could be handed to the transport; the store is closed all the
  ///   same. `cancelled`.
  public func close() async throws(StoreError) {
    try await close(timeout: Self.closeTimeout)
  }

  /// Closes the store, waiting no longer than `timeout` for what is left to be sent and confirmed.
  public func close(timeout: Duration) async throws(StoreError) {
    try await core.close(timeout: timeout)
  }
}
