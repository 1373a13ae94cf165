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

  /// Passes the key's bytes, which are only there while `body` runs.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    if let result = try string.utf8.withContiguousStorageIfAvailable({
      try body(UnsafeRawBufferPointer($0))
    }) {
      return result
    }
    return try withCopiedBytes(body)
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
