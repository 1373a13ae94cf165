/// A value in the table, lent to whoever reads it.
///
/// The memory of a value is looked at as one of these, which is the same: a struct is laid out as its only member. It cannot
/// be copied, so passing the value on from here takes no reference to what it refers to, where the compiler would otherwise
/// be free to, and does.
///
/// Only ever borrowed where it is, in a read section: the value belongs to its ``Cell``.
@usableFromInline
struct Lent<Value>: ~Copyable {
  @usableFromInline let value: Value

  @inlinable @inline(__always)
  func pass<Result, Failure>(to body: (Value) throws(Failure) -> Result) throws(Failure) -> Result {
    try body(value)
  }
}
