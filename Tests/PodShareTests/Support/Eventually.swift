import Testing

/// Waits for something that another thread brings about: looks again and again until it is so, for a minute at
/// most. Records an issue if it never was.
func eventually(
  _ what: Comment, within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async rethrows {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return }
    // Leaves the thread to whoever is to bring it about; yielding alone would not, with many tests at once.
    try? await Task.sleep(for: .milliseconds(1))
  }
  let isSo = try await condition()
  #expect(isSo, what, sourceLocation: sourceLocation)
}
