package import NIOCore

extension WireVersion1 {
  /// What travels between two Go pods on a TCP connection: a type, a topic, a payload.
  package struct Frame: Sendable, Equatable {
    package struct Kind: RawRepresentable, Sendable, Hashable {
      package var rawValue: UInt8

      package init(rawValue: UInt8) {
        self.rawValue = rawValue
      }

      /// The payload is an event.
      package static let event = Kind(rawValue: 1)
      /// No payload.
      package static let snapshotRequest = Kind(rawValue: 2)
      /// The payload is a snapshot, or nothing if there is none.
      package static let snapshotResponse = Kind(rawValue: 3)
    }

    /// Kinds that a Go pod does not know it ignores; so must others.
    package var kind: Kind
    package var topic: String
    package var payload: ByteBuffer

    package init(kind: Kind, topic: String, payload: ByteBuffer = ByteBuffer()) {
      self.kind = kind
      self.topic = topic
      self.payload = payload
    }

    /// What a frame's length counts besides topic and payload: one byte of kind, two of the topic's length.
    private static let overhead = 3

    /// The most that a frame's length may say. More ends the connection.
    package static let maxLength = WireLimits.messageBytes

    /// Appends the frame. Throws, and appends nothing, if it would be longer than allowed.
    package func write(into buffer: inout ByteBuffer) throws(WireError) {
      let length = Self.overhead + topic.utf8.count + payload.readableBytes
      guard length <= Self.maxLength, let topicLength = UInt16(exactly: topic.utf8.count) else {
        throw WireError(.oversized)
      }
      buffer.writeInteger(UInt32(length))
      buffer.writeInteger(kind.rawValue)
      buffer.writeInteger(topicLength)
      buffer.writeString(topic)
      buffer.writeImmutableBuffer(payload)
    }

    /// Takes the first frame out of what has come in; nil, and nothing is taken, if it is not whole yet. Reserves no
    /// memory for what is only announced. The payload is a slice of `buffer`.
    ///
    /// Throws as soon as the header shows that there is no frame; what comes after that cannot be read.
    package static func read(from buffer: inout ByteBuffer) throws(WireError) -> Frame? {
      guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self).map(Int.init) else {
        return nil
      }
      guard length >= overhead else { throw WireError(.truncated) }
      guard length <= maxLength else { throw WireError(.oversized) }
      guard buffer.readableBytes >= MemoryLayout<UInt32>.size + length else { return nil }
      buffer.moveReaderIndex(forwardBy: MemoryLayout<UInt32>.size)
      guard let body = buffer.readSlice(length: length) else { return nil }
      var reader = WireReader(body)
      let kind = Kind(rawValue: try reader.integer())
      let topicLength: UInt16 = try reader.integer()
      let topic = try reader.text(Int(topicLength))
      return Frame(kind: kind, topic: topic, payload: try reader.slice(reader.remaining))
    }
  }
}
