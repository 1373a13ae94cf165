import NIOConcurrencyHelpers

/// A node ID as this process knows it: the address of the one object for it, so that none of the copies that are made of a
/// version counts references. Were each a string, the threads that write and those that watch would count references to
/// the same one, unless it is of 15 bytes or less; the names of pods in Kubernetes are longer.
///
/// Invariant: an object that was made is never freed, and there is one for each name. So an address is always good, and names
/// are the same exactly if their addresses are. ``NodeNames`` sees to both, and to that they are not too many.
struct NodeName: Equatable, Sendable, BitwiseCopyable {
  fileprivate final class Object: Sendable {
    let string: String
    let digest: UInt64

    init(_ string: String, digest: UInt64) {
      self.string = string
      self.digest = digest
    }
  }

  private let object: Unmanaged<Object>

  fileprivate init(_ object: Object) {
    self.object = Unmanaged.passRetained(object)
  }

  var string: String { object._withUnsafeGuaranteedRef(\.string) }

  /// The name's ``StableHash``.
  var digest: UInt64 { object._withUnsafeGuaranteedRef(\.digest) }

  static func == (lhs: NodeName, rhs: NodeName) -> Bool {
    lhs.object.toOpaque() == rhs.object.toOpaque()
  }
}

/// All node IDs that this process has ever heard of. They are kept for good, so there is a limit to those that other pods
/// name: half a million, of some hundred bytes each.
final class NodeNames: Sendable {
  static let ofThisProcess = NodeNames(limit: 1 << 19)

  private struct State {
    /// By the digest, of which hardly any two have the same.
    var names: [UInt64: [NodeName]] = [:]
    var count = 0
  }

  private let limit: Int
  private let state = NIOLockedValueBox(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// The name that is these bytes, if it was heard of before.
  func known(_ bytes: Span<UInt8>) -> NodeName? {
    let digest = StableHash.hash(bytes)
    return state.withLockedValue { $0.names[digest] }?.first { name in
      Key(name.string).withSpan { $0.hasBytes(of: bytes) }
    }
  }

  /// The name, heard of now if not before; nil if there are too many.
  func heard(_ string: String) -> NodeName? { name(string, limit: limit) }

  /// The name, which somebody has given to a pod in this process.
  func given(_ string: String) -> NodeName {
    guard let name = name(string, limit: .max) else { preconditionFailure("there is no limit to these") }
    return name
  }

  private func name(_ string: String, limit: Int) -> NodeName? {
    let key = Key(string)
    let digest = StableHash.hash(key)
    return state.withLockedValue { state in
      if let name = state.names[digest]?.first(where: { $0.string.hasBytes(of: key.string) }) { return name }
      guard state.count < limit else { return nil }
      state.count += 1
      let name = NodeName(NodeName.Object(key.string, digest: digest))
      state.names[digest, default: []].append(name)
      return name
    }
  }
}
