import NIOConcurrencyHelpers

/// A node ID as this process knows it: the address of the one object for it, so that none of the copies that are made of a
/// version counts references. Were each a string, the threads that write and those that watch would count references to
/// the same one, unless it is of 15 bytes or less; the names of pods in Kubernetes are longer.
///
/// Invariant: an object that was made is never freed, and there is one for each name. So an address is always good, and names
/// are the same exactly if their addresses are. The price is some hundred bytes for each name that the process ever hears of
/// from a pod of its cluster.
struct NodeName: Equatable, Sendable, BitwiseCopyable {
  private final class Object: Sendable {
    let string: String
    let digest: UInt64

    init(_ string: String, digest: UInt64) {
      self.string = string
      self.digest = digest
    }
  }

  private let object: Unmanaged<Object>

  var string: String { object._withUnsafeGuaranteedRef(\.string) }

  /// The name's ``StableHash``.
  var digest: UInt64 { object._withUnsafeGuaranteedRef(\.digest) }

  /// By the digest.
  private static let all = NIOLockedValueBox<[UInt64: [NodeName]]>([:])

  init(_ string: String) {
    let key = Key(string)
    let digest = StableHash.hash(key)
    object = Self.all.withLockedValue { all in
      if let name = all[digest]?.first(where: { $0.string.hasBytes(of: key.string) }) { return name.object }
      let name = NodeName(Unmanaged.passRetained(Object(key.string, digest: digest)))
      all[digest, default: []].append(name)
      return name.object
    }
  }

  private init(_ object: Unmanaged<Object>) {
    self.object = object
  }

  /// The name that is these bytes, if it is known.
  static func known(_ bytes: UnsafeRawBufferPointer) -> NodeName? {
    let digest = StableHash.hash(bytes)
    return all.withLockedValue { $0[digest] }?.first { name in
      Key(name.string).withBytes { $0.count == bytes.count && $0.elementsEqual(bytes) }
    }
  }

  static func == (lhs: NodeName, rhs: NodeName) -> Bool {
    lhs.object.toOpaque() == rhs.object.toOpaque()
  }
}
