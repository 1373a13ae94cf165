public import NIOCore

/// A transport that keeps the entries of a topic one by one, for pods that come when nobody else is there.
///
/// What is kept are fields: names with contents, the same for all pods. What they say is the stores' affair; the transport
/// only puts, removes and reads them. It need not keep them for ever: stores notice when fields are missing, or old ones
/// have come back, and put them right.
public protocol EntryTransport: Transport {
  /// Whether this one does. Default true; for transports that are set up either way.
  var keepsEntries: Bool { get }

  /// Makes changes, each if its condition holds by then, each as a whole. All of a topic's pods may do so at once.
  ///
  /// - Returns: The fields whose condition did not hold, as they are kept.
  func changeFields(
    _ changes: [KeptField.Change], of topic: String
  ) async throws(TransportError) -> [KeptField]

  /// What is kept under one name, or its beginning: so many bytes of it are enough. Nil if there is nothing.
  func field(_ name: ByteBuffer, upTo limit: Int, of topic: String) async throws(TransportError)
    -> ByteBuffer?

  /// Passes all fields, in parts, in any order. What is there from the beginning to the end is passed at least once; what
  /// changes meanwhile may be passed as it was or as it is, or more than once.
  func readFields(
    of topic: String, _ body: ([KeptField]) -> Void
  ) async throws(TransportError)
}

extension EntryTransport {
  public var keepsEntries: Bool { true }
}

/// Something that an ``EntryTransport`` keeps under a name.
///
/// A content begins with its *tag*, eight bytes that tell it from others of that name; two bytes say, the more significant
/// first, how many follow as its *rank*, by which contents of one name are compared: bytewise, a shorter one before any that
/// begins with it.
public struct KeptField: Sendable, Hashable {
  public var name: ByteBuffer
  /// Nil if there is nothing under that name.
  public var content: ByteBuffer?

  public init(name: ByteBuffer, content: ByteBuffer?) {
    self.name = name
    self.content = content
  }

  /// What is to be kept in the place of something else.
  public struct Change: Sendable, Hashable {
    public enum Condition: Sendable, Hashable {
      /// There is nothing, or something of a lower rank.
      case isGreater
      /// There is nothing.
      case isNew
      /// There is a content that begins with these bytes: mostly its tag.
      case replaces(ByteBuffer)
    }

    public var name: ByteBuffer
    /// Nil removes what is there.
    public var content: ByteBuffer?
    public var condition: Condition

    public init(name: ByteBuffer, content: ByteBuffer?, if condition: Condition) {
      self.name = name
      self.content = content
      self.condition = condition
    }
  }
}

extension KeptField.Change {
  /// Whether the condition holds: for transports that keep fields in memory of their own.
  public func holds(for kept: ByteBuffer?) -> Bool {
    switch condition {
    case .isNew: return kept == nil
    case .replaces(let beginning):
      return kept.map { $0.readableBytesView.starts(with: beginning.readableBytesView) } ?? false
    case .isGreater:
      guard let kept else { return true }
      guard let rank = content?.rank, let keptRank = kept.rank else { return false }
      return keptRank.lexicographicallyPrecedes(rank)
    }
  }
}

extension ByteBuffer {
  /// The rank of a content. Nil if it is none.
  fileprivate var rank: ByteBufferView? {
    guard let length = getInteger(at: readerIndex + 8, as: UInt16.self) else { return nil }
    return viewBytes(at: readerIndex + 10, length: Int(length))
  }
}
