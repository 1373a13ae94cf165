public import PodShare

/// Checks that a merge is a join: commutative, associative and idempotent, as `Merge` demands.
///
/// ```swift
/// try checkJoinLaws(of: Merge<Set<Int>> { $0.union($1) }, on: [[], [1], [1, 2], [3]])
/// ```
///
/// The laws are tried on all values, all pairs and all triples of the values given, equal ones left out, and then on
/// those together with their joins, two by two. Of the values the first 24 are taken, and with the joins 32 at most, for
/// which the merge is called fewer than 150,000 times. A few that overlap, with the empty one among them, will do.
///
/// - Throws: ``JoinLawError``, with the first violation of each law that does not hold, or if there are no values.
public func checkJoinLaws<Value: Equatable>(
  of merge: Merge<Value>, on values: [Value]
) throws(JoinLawError<Value>) {
  try checkJoinLaws(of: merge.join, on: values)
}

/// Checks that a function is a join: commutative, associative and idempotent.
///
/// ```swift
/// try checkJoinLaws(of: { max($0, $1) }, on: [0, 1, -1, .max])
/// ```
///
/// - Throws: As ``checkJoinLaws(of:on:)-(Merge<Value>,_)``.
public func checkJoinLaws<Value: Sendable & Equatable>(
  of join: (Value, Value) -> Value, on values: [Value]
) throws(JoinLawError<Value>) {
  guard !values.isEmpty else { throw JoinLawError(violations: []) }
  var samples: [Value] = []
  for value in values where samples.count < SampleLimit.values && !samples.contains(value) {
    samples.append(value)
  }
  // First on the values as given: what goes wrong with them is easier to read.
  for samples in [samples, samples.withJoins(by: join)] {
    let violations = JoinLaw.allCases.compactMap { $0.violation(by: join, on: samples) }
    guard violations.isEmpty else { throw JoinLawError(violations: violations) }
  }
}

private enum SampleLimit {
  static let values = 24
  static let valuesAndJoins = 32
}

extension Array where Element: Equatable {
  fileprivate func withJoins(by join: (Element, Element) -> Element) -> [Element] {
    var samples = self
    for left in self {
      for right in self {
        guard samples.count < SampleLimit.valuesAndJoins else { return samples }
        let joined = join(left, right)
        if !samples.contains(joined) { samples.append(joined) }
      }
    }
    return samples
  }
}

extension JoinLaw {
  fileprivate func violation<Value: Equatable>(
    by join: (Value, Value) -> Value, on samples: [Value]
  ) -> JoinLawError<Value>.Violation? {
    switch self {
    case .idempotence:
      for a in samples {
        let joined = join(a, a)
        if joined != a { return .init(law: self, values: [a], left: joined, right: a) }
      }
    case .commutativity:
      for (index, a) in samples.enumerated() {
        for b in samples[..<index] {
          let (left, right) = (join(a, b), join(b, a))
          if left != right { return .init(law: self, values: [a, b], left: left, right: right) }
        }
      }
    case .associativity:
      for a in samples {
        for b in samples {
          let joined = join(a, b)
          for c in samples {
            let (left, right) = (join(joined, c), join(a, join(b, c)))
            if left != right { return .init(law: self, values: [a, b, c], left: left, right: right) }
          }
        }
      }
    }
    return nil
  }
}
