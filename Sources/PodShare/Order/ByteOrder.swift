/// How two strings compare by their UTF-8 bytes.
///
/// Swift's `==` and `<` on strings follow Unicode's canonical equivalence. The order of writes must not: pods in
/// other languages see bytes.
package enum ByteOrder: Sendable {
  case before, same, after
}

extension String {
  /// Whether two strings are the same bytes.
  @inline(__always)
  package func hasBytes(of other: String) -> Bool {
    let isSame = utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { right in
        UnsafeRawBufferPointer(left).hasBytes(of: UnsafeRawBufferPointer(right))
      }
    }
    return isSame.flatMap { $0 } ?? utf8.elementsEqual(other.utf8)
  }

  package func byteOrder(to other: String) -> ByteOrder {
    let order = utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { right in
        Self.order(of: left, to: right)
      }
    }
    if let order = order.flatMap({ $0 }) { return order }
    if utf8.elementsEqual(other.utf8) { return .same }
    return utf8.lexicographicallyPrecedes(other.utf8) ? .before : .after
  }

  private static func order(
    of left: UnsafeBufferPointer<UInt8>, to right: UnsafeBufferPointer<UInt8>
  ) -> ByteOrder {
    for (a, b) in zip(left, right) where a != b {
      return a < b ? .before : .after
    }
    if left.count == right.count { return .same }
    return left.count < right.count ? .before : .after
  }
}
