public import NIOCore
public import PodShare

extension RedisTransport: EntryTransport {
  /// Changes fields of the topic's hash, by a script on the server, in parts that it gets done quickly.
  public func changeFields(
    _ changes: [KeptField.Change], of topic: String
  ) async throws(TransportError) -> [KeptField] {
    let key = names.entries(of: topic)
    var refused: [KeptField] = []
    var rest = changes[...]
    while !rest.isEmpty {
      var arguments: [ByteBuffer] = []
      var bytes = 0
      while let change = rest.first, arguments.isEmpty || bytes + change.size <= Self.bytesAtOnce {
        arguments += change.arguments
        bytes += change.size
        rest = rest.dropFirst()
      }
      let reply = try await run(.changeFields, on: key, arguments)
      guard let elements = reply.array, let fields = Self.fields(elements) else {
        throw Self.unexpected(reply)
      }
      // An empty content stands for none.
      refused += fields.map { $0.content?.readableBytes == 0 ? KeptField(name: $0.name, content: nil) : $0 }
    }
    return refused
  }

  public func field(
    _ name: ByteBuffer, upTo limit: Int, of topic: String
  ) async throws(TransportError) -> ByteBuffer? {
    let key = names.entries(of: topic)
    let reply =
      limit == .max
      ? try await send([ByteBuffer(string: "HGET"), ByteBuffer(string: key), name])
      : try await run(.beginningOfField, on: key, [name, ByteBuffer(string: "\(limit)")])
    switch reply {
    case .null: return nil
    case .bytes(let bytes): return bytes
    default: throw Self.unexpected(reply)
    }
  }

  /// Reads the topic's hash by `HSCAN`, the next part while one is taken in.
  public func readFields(of topic: String, _ body: ([KeptField]) -> Void) async throws(TransportError) {
    let key = ByteBuffer(string: names.entries(of: topic))
    var next: Task<RedisReply, any Error>? = scan(key, from: ByteBuffer(string: "0"))
    while let current = next {
      let reply: RedisReply
      do {
        reply = try await withTaskCancellationHandler {
          try await current.value
        } onCancel: {
          current.cancel()
        }
      } catch {
        throw (error as? RedisError)?.asTransportError ?? TransportError(.failed, "\(error)")
      }
      guard case .array(let parts) = reply, parts.count == 2, let cursor = parts[0].bytes,
        let elements = parts[1].array, let fields = Self.fields(elements)
      else { throw Self.unexpected(reply) }
      next = cursor == ByteBuffer(string: "0") ? nil : scan(key, from: cursor)
      guard !Task.isCancelled else { throw TransportError(.cancelled, "reading what is kept") }
      if !fields.isEmpty { body(fields) }
    }
  }

  private func scan(_ key: ByteBuffer, from cursor: ByteBuffer) -> Task<RedisReply, any Error> {
    Task { [client] in
      try await client.send([
        ByteBuffer(string: "HSCAN"), key, cursor, ByteBuffer(string: "COUNT"),
        ByteBuffer(string: "\(Self.fieldsAtOnce)"),
      ])
    }
  }

  private static func fields(_ elements: [RedisReply]) -> [KeptField]? {
    guard elements.count.isMultiple(of: 2) else { return nil }
    var fields: [KeptField] = []
    fields.reserveCapacity(elements.count / 2)
    for index in stride(from: 0, to: elements.count, by: 2) {
      guard let name = elements[index].bytes, let content = elements[index + 1].bytes else { return nil }
      fields.append(KeptField(name: name, content: content))
    }
    return fields
  }

  // MARK: The client

  func send(_ command: [ByteBuffer]) async throws(TransportError) -> RedisReply {
    do throws(RedisError) { return try await client.send(command) } catch { throw error.asTransportError }
  }

  func run(_ script: Script, on key: String, _ arguments: [ByteBuffer]) async throws(TransportError)
    -> RedisReply
  {
    do throws(RedisError) {
      return try await scripts.run(script, on: key, arguments)
    } catch {
      throw error.asTransportError
    }
  }

  static func unexpected(_ reply: RedisReply) -> TransportError {
    TransportError(.failed, "Redis answers something else than was asked for")
  }

  /// While one script runs, nothing else does.
  private static var bytesAtOnce: Int { 512 * 1_024 }
  private static var fieldsAtOnce: Int { 2_048 }
}

extension KeptField.Change {
  fileprivate var size: Int { name.readableBytes + (content?.readableBytes ?? 0) + 64 }

  fileprivate var arguments: [ByteBuffer] {
    let (kind, expected) =
      switch condition {
      case .isGreater: (">", ByteBuffer())
      case .isNew: ("+", ByteBuffer())
      case .replaces(let beginning): ("=", beginning)
      }
    return [name, ByteBuffer(string: kind), expected, content ?? ByteBuffer()]
  }
}
