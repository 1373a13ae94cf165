/// How two strings compare by their UTF-8 bytes.
///
/// Swift's `==` and `<` on strings follow Unicode's canonical equivalence. The order of writes must not: pods in
/// other languages see bytes.
package enum ByteOrder: Sendable {
  case before, same, after
}

extension String {
  package func byteOrder(to other: String) -> ByteOrder {
    if hasBytes(of: other) { return .same }
    return Key(self).withSpan { bytes in
      Key(other).withSpan { others in
        for index in 0..<min(bytes.count, others.count) where bytes[index] != others[index] {
          return bytes[index] < others[index] ? .before : .after
        }
        return bytes.count < others.count ? .before : .after
      }
    }
  }
}
