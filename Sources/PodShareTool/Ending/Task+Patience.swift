extension Task where Success == Void, Failure == Never {
  /// Waits until the task has come to its end, but no longer than this.
  func wait(atMost limit: Duration) async {
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let waiting = Task<Void, Never> {
      await value
      end.finish()
    }
    let timer = Task<Void, Never> {
      try? await Task<Never, Never>.sleep(for: limit)
      end.finish()
    }
    for await _ in ends {}
    waiting.cancel()
    timer.cancel()
  }
}
