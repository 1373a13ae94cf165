/// A key made ready to be read many times: its hash is computed once, and for good.
///
/// ```swift
/// let limit = PreparedKey("limit")
/// while let request = next() { serve(request, within: store[limit] ?? .unlimited) }
/// ```
///
/// For whoever reads one key a million times a second. It can be used with every store of this process, whatever is
/// written or deleted meanwhile.
public struct PreparedKey: Sendable {
  let hash: UInt64
  private let contents: Contents

  /// Prepares a key.
  public init(_ key: String) {
    self.init(Key(key))
  }

  init(_ key: Key) {
    contents = Contents(key)
    hash = key.withBytes(KeyHash.seeded.callAsFunction)
  }

  var key: Key { contents.key }

  /// The key.
  public var string: String { key.string }

  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withExtendedLifetime(contents) { body(UnsafeRawBufferPointer(contents.buffer)) }
  }

  /// The key, and its bytes where a look-up finds them without taking a string apart. One object, so that whoever copies a
  /// prepared key counts one reference.
  ///
  /// Unchecked, because `buffer` is written by `init` alone, and freed when nobody has it any more.
  private final class Contents: @unchecked Sendable {
    let key: Key
    let buffer: UnsafeMutableRawBufferPointer

    init(_ key: Key) {
      self.key = key
      buffer = key.withBytes { bytes in
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        buffer.copyMemory(from: bytes)
        return buffer
      }
    }

    deinit {
      buffer.deallocate()
    }
  }
}

extension PreparedKey: Hashable {
  public static func == (lhs: PreparedKey, rhs: PreparedKey) -> Bool { lhs.key == rhs.key }

  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension PreparedKey: CustomStringConvertible {
  public var description: String { string }
}
