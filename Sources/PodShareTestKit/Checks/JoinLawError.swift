/// What a join must be for all replicas to become equal, in whatever order writes reach them.
public enum JoinLaw: Sendable, Hashable, CaseIterable {
  /// Joining a value with itself changes nothing: a message may arrive twice.
  case idempotence
  /// The order of two values does not matter: messages may overtake each other.
  case commutativity
  /// It does not matter which two of three values are joined first: a pod may join writes before it passes them on.
  case associativity
}

/// A merge is not a join. Thrown by ``checkJoinLaws(of:on:)-(Merge<Value>,_)``.
public struct JoinLawError<Value: Sendable>: Error {
  /// Values for which a law does not hold.
  public struct Violation: Sendable {
    /// The law.
    public let law: JoinLaw
    /// The values, one, two or three, in the order in which they were joined: a, b, c.
    public let values: [Value]
    /// What the left side of the law gave.
    public let left: Value
    /// What the right side gave.
    public let right: Value
  }

  /// The first violation of each law that does not hold. None if there were no values to try the laws on.
  public let violations: [Violation]
}

extension JoinLawError: CustomStringConvertible {
  public var description: String {
    if violations.isEmpty { return "there are no values to try the merge on" }
    return violations.map(\.description).joined(separator: "\n")
  }
}

extension JoinLawError.Violation: CustomStringConvertible {
  public var description: String {
    let names = zip(["a", "b", "c"], values).map { "\($0) = \($1)" }.joined(separator: ", ")
    return switch law {
    case .idempotence:
      "the merge is not idempotent: with \(names), join(a, a) is \(left), not a"
    case .commutativity:
      "the merge is not commutative: with \(names), join(a, b) is \(left), but join(b, a) is \(right)"
    case .associativity:
      """
      the merge is not associative: with \(names), join(join(a, b), c) is \(left), \
      but join(a, join(b, c)) is \(right)
      """
    }
  }
}
