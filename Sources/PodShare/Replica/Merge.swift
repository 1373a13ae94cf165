/// How two values written to one key become one, instead of the later replacing the earlier.
///
/// The function must be a join: commutative, associative and idempotent. Then all replicas become equal whatever the
/// order in which writes reach them, and no write between two deletes of its key is lost. A union of sets, a maximum,
/// a map whose values are joined in turn are joins; appending to a list is not. (Shapiro, Preguiça, Baquero, Zawirski:
/// "Conflict-free Replicated Data Types", 2011.)
///
/// ```swift
/// var configuration = StoreConfiguration<Set<String>>()
/// configuration.merge = Merge { $0.union($1) }
/// ```
///
/// It runs while the store's write lock is held: it must be quick, must not block and must not call the store.
public struct Merge<Value: Sendable>: Sendable {
  package let join: @Sendable (Value, Value) -> Value
  package let areEqual: @Sendable (Value, Value) -> Bool

  /// Makes a merge from a join. Values are compared, so that a join that changes nothing is no event.
  public init(_ join: @escaping @Sendable (_ present: Value, _ incoming: Value) -> Value)
  where Value: Equatable {
    self.join = join
    self.areEqual = { $0 == $1 }
  }
}

extension Merge {
  /// Whether the function is commutative and idempotent as far as two values show.
  func isJoin(of first: Value, _ second: Value) -> Bool {
    let joined = join(first, second)
    return areEqual(joined, join(second, first)) && areEqual(joined, join(joined, second))
  }
}

extension Merge<ErasedValue> {
  /// The merge of a store for whoever does not know the type of its values.
  init<Typed: Sendable>(erasing merge: Merge<Typed>, as type: ValueType) {
    join = { present, incoming in
      ErasedValue(
        merge.join(present.value(as: Typed.self), incoming.value(as: Typed.self)), forKeyOf: present, as: type
      )
    }
    areEqual = { merge.areEqual($0.value(as: Typed.self), $1.value(as: Typed.self)) }
  }
}
