/// Nanoseconds that `body` takes for each of `count` operations.
func nanoseconds(for count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start).nanoseconds / Double(count)
}

extension Duration {
  var nanoseconds: Double { Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9 }
  var microseconds: Double { nanoseconds / 1e3 }
}

/// Takes a result, so that what it was computed by is not optimised away.
@inline(never) @_optimize(none)
func consume(_ value: Int) {}
