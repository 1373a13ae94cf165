import NIOConcurrencyHelpers
import NIOCore

/// Some of the pods whose writes have come in, each with the bytes that its messages begin with: what one of them writes next
/// is read without making its identity anew.
///
/// A pod has one place of 256, by the last byte of its incarnation, which is random; of those that share a place it is the
/// one that was heard of last.
final class KnownAuthors: Sendable {
  private let places = NIOLockedValueBox([EncodedIdentity?](repeating: nil, count: 256))

  /// Who may have sent a message of wire version 2. Whether it was, the message itself says.
  func sender(of message: ByteBuffer) -> EncodedIdentity? {
    guard let place = Self.place(of: message) else { return nil }
    return places.withLockedValue { $0[place] }
  }

  /// Puts a pod in the place of whoever had it.
  func insert(_ pod: PodIdentity) {
    let place = Int(UInt8(truncatingIfNeeded: pod.incarnation))
    let pod = EncodedIdentity(pod)
    places.withLockedValue { $0[place] = pod }
  }

  /// Version, kind and the length of the node ID are the first three bytes; the incarnation's eight come behind the node ID.
  private static func place(of message: ByteBuffer) -> Int? {
    guard let length = message.getInteger(at: message.readerIndex + 2, as: UInt8.self),
      let lastByte = message.getInteger(at: message.readerIndex + 3 + Int(length) + 7, as: UInt8.self)
    else { return nil }
    return Int(lastByte)
  }
}
