/// The same value under the other name of its type.
///
/// For generic code that has found out which type it was given: a cast by `as` would cost more than reading or writing the
/// value.
///
/// Unsafe code with this invariant: the caller has compared the two types, and they are one. It is the only place where a
/// value is taken for one of another type.
@inline(__always)
func same<Value, Other>(_ value: Value, as _: Other.Type) -> Other {
  assert(Value.self == Other.self)
  return unsafeBitCast(value, to: Other.self)
}
