import NIOCore
import PodShare

/// How a pod introduces itself on a link.
///
/// ```
/// u8 newest version spoken | u8 oldest version spoken | u64 incarnation | u32 keep-alive in ms |
/// u16 length | node ID | u16 length | cluster          what follows that is for later versions
/// ```
struct Hello: Equatable {
  /// The version of this protocol that this build speaks.
  static let version: UInt8 = 1

  var newestVersion = Hello.version
  var oldestVersion = Hello.version
  let nodeID: String
  let incarnation: UInt64
  var cluster: String
  /// How often at least this pod says something on the link.
  var keepAlive: Duration

  /// No hello of this version is longer, with much to spare for what later ones add.
  static let maxBytes = 4_096
  static let maxClusterBytes = 255

  func encoded() -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(
      newestVersion, oldestVersion, incarnation, UInt32(clamping: keepAlive.milliseconds))
    for text in [nodeID, cluster] {
      buffer.writeInteger(UInt16(text.utf8.count))
      buffer.writeString(text)
    }
    return buffer
  }

  init(identity: PodIdentity, cluster: String, keepAlive: Duration) {
    nodeID = identity.nodeID
    incarnation = identity.incarnation
    self.cluster = cluster
    self.keepAlive = keepAlive
  }

  init(_ bytes: ByteBuffer) throws(FrameError) {
    var bytes = bytes
    guard bytes.readableBytes <= Self.maxBytes,
      let (newest, oldest, incarnation, keepAlive) = bytes.readMultipleIntegers(
        as: (UInt8, UInt8, UInt64, UInt32).self),
      let nodeID = bytes.readText(), let cluster = bytes.readText(),
      oldest <= newest, PodIdentity.incarnations.contains(incarnation), Names.isValidNodeID(nodeID)
    else { throw FrameError(description: "a greeting that cannot be read") }
    newestVersion = newest
    oldestVersion = oldest
    self.nodeID = nodeID
    self.incarnation = incarnation
    self.cluster = cluster
    self.keepAlive = .milliseconds(Int64(keepAlive))
  }

  /// Who it is. Only to be asked of a pod of this cluster: an identity's name is kept for good. Nil if it is one too many.
  var identity: PodIdentity? { PodIdentity(heardOf: nodeID, incarnation: incarnation) }

  /// Whether there is a version that both sides speak.
  func isSpoken(by version: UInt8 = Hello.version) -> Bool {
    oldestVersion...newestVersion ~= version
  }
}

extension ByteBuffer {
  fileprivate mutating func readText() -> String? {
    guard let length = readInteger(as: UInt16.self), let bytes = readSlice(length: Int(length)) else {
      return nil
    }
    return String(validating: bytes.readableBytesView, as: UTF8.self)
  }
}

extension Duration {
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000)
    return isTooLong
      ? (seconds < 0 ? .min : .max)
      : whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
  }
}
