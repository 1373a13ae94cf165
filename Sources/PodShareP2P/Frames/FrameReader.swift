import NIOCore

/// Takes frames out of the bytes that come in on a link.
///
/// Holds no more than has come in and is not yet a whole frame: what a header promises is never reserved.
struct FrameReader {
  /// The most that a frame's length may say.
  var maxLength: Int
  private var rest = ByteBuffer()

  init(maxLength: Int) {
    self.maxLength = maxLength
  }

  /// A frame has begun to come in and is not whole.
  var isInsideFrame: Bool { rest.readableBytes > 0 }

  mutating func append(_ bytes: ByteBuffer) {
    if rest.readableBytes == 0 {
      rest = bytes
    } else {
      rest.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole frame. Its parts are slices of what has come in.
  ///
  /// Throws as soon as a header shows that there is no frame; nothing that comes after that can be read.
  mutating func next() throws(FrameError) -> Frame? {
    guard let (length, kind, topicBytes) = rest.peekMultipleIntegers(as: (UInt32, UInt8, UInt16).self) else {
      // The length alone may be wrong already.
      if let length = rest.getInteger(at: rest.readerIndex, as: UInt32.self) { try check(Int(length)) }
      compact()
      return nil
    }
    try check(Int(length))
    guard Int(topicBytes) <= Int(length) - Frame.overhead else {
      throw FrameError(description: "a frame's topic is longer than the frame")
    }
    guard rest.readableBytes >= MemoryLayout<UInt32>.size + Int(length) else {
      compact()
      return nil
    }
    rest.moveReaderIndex(forwardBy: Frame.headerBytes)
    guard let topic = rest.readSlice(length: Int(topicBytes)),
      let payload = rest.readSlice(length: Int(length) - Frame.overhead - Int(topicBytes))
    else { return nil }
    return Frame(kind: Frame.Kind(rawValue: kind), topic: topic, payload: payload)
  }

  private func check(_ length: Int) throws(FrameError) {
    guard length >= Frame.overhead else {
      throw FrameError(description: "a frame has no room for its header")
    }
    guard length <= maxLength else {
      if let other = FrameError.OtherProtocol(firstBytes: length) {
        throw FrameError(
          description: other == .tls
            ? "it speaks TLS, and this pod does not" : "it speaks \(other.rawValue): it is no pod",
          otherProtocol: other)
      }
      throw FrameError(
        description: "a frame of \(length) bytes is longer than the \(maxLength) that are allowed")
    }
  }

  /// Lets go of the frames that have been taken.
  private mutating func compact() {
    guard rest.readerIndex > 0 else { return }
    // A few bytes must not keep a large buffer in memory, nor what was read be copied as more is appended.
    rest = rest.readableBytes == 0 ? ByteBuffer() : ByteBuffer(rest.readableBytesView)
  }
}

extension FrameError.OtherProtocol {
  /// - Parameter number: The first four bytes. Read as a length they say more than any frame may have.
  fileprivate init?(firstBytes number: Int) {
    switch number {
    // A greeting or an alert, and the version.
    case 0x1503_0000...0x1503_ffff, 0x1603_0000...0x1603_ffff: self = .tls
    case 0x4854_5450: self = .http  // "HTTP"
    case 0x5353_482d: self = .ssh  // "SSH-"
    default: return nil
    }
  }
}
