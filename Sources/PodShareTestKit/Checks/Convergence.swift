import NIOCore
public import PodShare

/// Checks that pods which write the given values end up equal, whatever the network does: one simulated fleet for each
/// seed, in virtual time and without waiting.
///
/// ```swift
/// try checkConvergence(of: [Color(rgb: 0), Color(rgb: 0x88aaff)], codec: ColorCodec())
/// ```
///
/// The pods set and delete keys, one by one and in batches, while messages are delayed, doubled and overtake one
/// another, pods are cut off, restart and join, and clocks are wrong. Then all are connected, and must show the same
/// values under the same keys: the latest write; with a merge, the join of all that was written since the last delete,
/// so that none is missing. Before that, each value must come back from the codec as it was.
///
/// A seed takes about 0.1 s in a debug build, if the values are small, and much less in a release build.
///
/// - Parameters:
///   - values: What is written, in turn; at least one value. For a merge, include values that overlap.
///   - merge: How two values become one. Default: the later write wins.
///   - codec: How values become bytes.
///   - seeds: One run each. A seed always gives the same run. Default 1 to 100.
///   - pods: How many pods begin, and, as the upper bound, how many there are at most. Default 2 to 5.
/// - Throws: ``ConvergenceError``, which names the seed.
public func checkConvergence<Value: Sendable & Equatable>(
  of values: [Value], merge: Merge<Value>? = nil, codec: any Codec<Value>,
  seeds: ClosedRange<UInt64> = 1...100,
  pods: ClosedRange<Int> = 2...5
) throws(ConvergenceError) {
  guard !values.isEmpty else { throw ConvergenceError("there is no value to write") }
  guard pods.lowerBound > 0 else { throw ConvergenceError("there must be at least one pod, not \(pods)") }
  for value in values { try checkRoundTrip(of: value, codec) }
  var dialect = Dialect(merge: merge, codec: codec) { values[$0 % values.count] }
  dialect.firstPods = pods
  dialect.maxPods = pods.upperBound
  for seed in seeds {
    let workload = Workload(seed: seed, dialect: dialect)
    do {
      try workload.run()
    } catch {
      throw ConvergenceError(
        "\(error)", seed: seed, log: Array(workload.fleet.log.suffix(ConvergenceError.logLines)))
    }
  }
}

/// The same for `Codable` values, as JSON.
///
/// ```swift
/// try checkConvergence(of: [["a"], ["b"], ["a", "b"]], merge: Merge<Set<String>> { $0.union($1) })
/// ```
///
/// - Throws: As ``checkConvergence(of:merge:codec:seeds:pods:)``.
public func checkConvergence<Value: Codable & Sendable & Equatable>(
  of values: [Value], merge: Merge<Value>? = nil, seeds: ClosedRange<UInt64> = 1...100,
  pods: ClosedRange<Int> = 2...5
) throws(ConvergenceError) {
  try checkConvergence(of: values, merge: merge, codec: JSONCodec<Value>(), seeds: seeds, pods: pods)
}

private func checkRoundTrip<Value: Equatable>(
  of value: Value, _ codec: any Codec<Value>
) throws(ConvergenceError) {
  let decoded: Value
  do {
    var buffer = ByteBuffer()
    try codec.encode(value, into: &buffer)
    decoded = try codec.decode(buffer)
  } catch {
    throw ConvergenceError("the codec throws for \(value): \(error)")
  }
  guard decoded == value else { throw ConvergenceError("the codec turns \(value) into \(decoded)") }
}
