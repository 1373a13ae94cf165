import Testing

/// Waits for something that another thread brings about: looks again and again until it is so, for ten seconds at
/// most. Records an issue if it never was.
func eventually(
  _ what: Comment, within limit: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async rethrows {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return }
    await Task.yield()
  }
  let isSo = try await condition()
  #expect(isSo, what, sourceLocation: sourceLocation)
}
