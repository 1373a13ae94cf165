import NIOConcurrencyHelpers
import NIOCore

@testable import PodShare

/// A pod that is nothing but the bytes it sends: for messages that no store would write, or not at that time.
struct RawPod: Sendable {
  var identity: PodIdentity
  var sequence: UInt64
  let transport: MemoryTransport
  let topic: String

  init(
    _ nodeID: String = "raw", incarnation: UInt64 = 1_000, on network: MemoryNetwork, topic: String = "topic"
  ) {
    identity = PodIdentity(nodeID: nodeID, incarnation: incarnation)
    sequence = incarnation
    transport = MemoryTransport(on: network)
    self.topic = topic
  }

  /// A message that sets a key to a codec's bytes.
  mutating func set(_ key: String, to json: String, at timestamp: Timestamp) -> ByteBuffer {
    var encoder = WriteEncoder(author: identity)
    _ = try? encoder.set(Key(key)) { $0.writeString(json) }
    return finish(encoder, at: timestamp)
  }

  /// A message that deletes a key.
  mutating func delete(_ key: String, at timestamp: Timestamp) -> ByteBuffer {
    var encoder = WriteEncoder(author: identity)
    encoder.delete(Key(key))
    return finish(encoder, at: timestamp)
  }

  private mutating func finish(_ encoder: consuming WriteEncoder, at timestamp: Timestamp) -> ByteBuffer {
    let stamp = WriteStamp(timestamp: timestamp, firstSequence: sequence + 1, wall: timestamp)
    sequence += UInt64(encoder.count)
    return encoder.finish(stamp)
  }

  /// A message that sets a key, with bytes in place of the key's that need not be UTF-8, and any lifetime.
  mutating func set(
    keyBytes: [UInt8], lifetime: Lifetime = .permanent, to json: String, at timestamp: Timestamp
  ) -> ByteBuffer {
    sequence += 1
    var buffer = ByteBuffer()
    buffer.writeInteger(WireCode.version)
    buffer.writeInteger(WireCode.Kind.write.rawValue)
    buffer.writeIdentity(identity)
    buffer.writeInteger(timestamp.nanoseconds)
    buffer.writeInteger(sequence)
    buffer.writeInteger(UInt32(1))
    buffer.writeInteger(WireCode.Content.set.rawValue)
    buffer.writeVarint(keyBytes.count)
    buffer.writeBytes(keyBytes)
    buffer.writeWithOutputRawSpan(minimumWritableBytes: 20 + lifetime.bytes.count) {
      $0.writeLifetime(lifetime)
    }
    buffer.writeInteger(UInt32(json.utf8.count))
    buffer.writeString(json)
    buffer.writeInteger(UInt8(0))
    return buffer
  }

  func send(_ message: ByteBuffer) {
    _ = transport.publish(message, to: topic)
  }

  /// Sends a message that is no write.
  func sendAside(_ message: ByteBuffer) {
    _ = transport.publish(message, to: Names.syncTopic(of: topic))
  }
}

/// Listens to all that is published to a topic.
final class Tap: Sendable {
  private let messages: NIOLockedValueBox<[ByteBuffer]>
  private let subscription: TransportSubscription

  init(_ topic: String = "topic", on network: MemoryNetwork) async throws {
    let messages = NIOLockedValueBox<[ByteBuffer]>([])
    self.messages = messages
    subscription = try await MemoryTransport(on: network).subscribe(to: topic) { event in
      if case .message(let bytes) = event { messages.withLockedValue { $0.append(bytes) } }
    }
  }

  var all: [ByteBuffer] { messages.withLockedValue { $0 } }
}
