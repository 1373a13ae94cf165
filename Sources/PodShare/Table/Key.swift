/// A key as the table sees it: its UTF-8 bytes.
///
/// Two spellings that Swift's `String` calls equal, a composed and a decomposed "é", are two keys, as they are in
/// every other language.
package struct Key: Sendable {
  package let string: String

  package init(_ string: String) {
    var string = string
    string.makeContiguousUTF8()
    self.string = string
  }

  /// The key that has these bytes; nil if they are not UTF-8.
  init?(utf8 bytes: Span<UInt8>) {
    string = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    // In what is not UTF-8 something has been replaced. To have every text validated would take three times as long.
    guard bytes.isASCII || withSpan({ $0.hasBytes(of: bytes) }) else { return nil }
  }

  /// Passes the key's bytes, which are only there while `body` runs.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    if let result = try string.utf8.withContiguousStorageIfAvailable({
      try body(UnsafeRawBufferPointer($0))
    }) {
      return result
    }
    return try withCopiedBytes(body)
  }

  /// Passes the key's bytes as a span.
  package func withSpan<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
    try withBytes { try body($0.assumingMemoryBound(to: UInt8.self).span) }
  }

  // Apart, lest the string is retained for it where it has its bytes, as all keys have that come from `init`.
  @inline(never)
  private func withCopiedBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    var string = string
    return try string.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
  }
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
}

extension Key: Hashable {
  package static func == (lhs: Key, rhs: Key) -> Bool {
    lhs.string.hasBytes(of: rhs.string)
  }

  package func hash(into hasher: inout Hasher) {
    let hashed: Void? = string.utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    if hashed == nil {
      for byte in string.utf8 { hasher.combine(byte) }
    }
  }
}

extension Key: Comparable {
  package static func < (lhs: Key, rhs: Key) -> Bool {
    lhs.string.byteOrder(to: rhs.string) == .before
  }
}

extension Key: CustomStringConvertible {
  package var description: String { string.debugDescription }
}
