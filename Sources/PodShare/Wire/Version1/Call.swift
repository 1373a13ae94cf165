package import NIOCore

extension WireVersion1 {
  /// A call to the pod that owns a target, as Go pods send it to that pod's inbox.
  package struct Call: Sendable, Equatable {
    /// Tells this call from others: the reply bears it too.
    package var id: String
    /// The topic on which the caller awaits the reply.
    package var replyTopic: String
    package var target: String
    package var method: String
    package var arguments: [UInt8]
    /// Nanoseconds since 1970 by the caller's clock; 0 for none.
    package var deadline: Int64
  }

  /// The answer to a call.
  package struct Reply: Sendable, Equatable {
    package var id: String
    /// Why the call failed; empty if it did not.
    package var error: String
    package var result: [UInt8]
  }

  /// What arrives at an inbox.
  package enum CallMessage: Sendable, Equatable {
    case call(Call)
    case reply(Reply)
  }

  /// Where a target is: the value of its key in the store of routes.
  package struct Route: Sendable, Equatable {
    package var nodeID: String
    package var updatedAt: Timestamp
  }

  private enum CallMember: String, CaseIterable {
    case type, id, reply, target, method, args, deadline, error, result
  }

  private enum RouteMember: String, CaseIterable {
    case podID = "pod_id"
    case updatedAt = "updated_at"
  }

  /// Reads a call or a reply, as leniently as events are read.
  package static func decodeCall(_ bytes: ByteBuffer) throws(WireError) -> CallMessage {
    guard bytes.readableBytes <= WireLimits.messageBytes else { throw WireError(.oversized) }
    var scanner = JSONScanner(bytes)
    var texts: [CallMember: String] = [:]
    var values: [CallMember: [UInt8]] = [:]
    var deadline: Int64 = 0
    try scanner.object { (name, scanner) throws(WireError) in
      let member: CallMember? = scanner.member(name)
      switch member {
      case .type, .id, .reply, .target, .method, .error:
        if let member, let text = try scanner.textOrNull() { texts[member] = text }
      case .args, .result:
        if let member { values[member] = try scanner.valueBytes() }
      case .deadline:
        if let number: Int64 = try scanner.integerOrNull() { deadline = number }
      case nil: try scanner.skipValue()
      }
    }
    try scanner.requireEnd()

    guard let id = texts[.id], !id.isEmpty else { throw scanner.error("a call or a reply has no ID") }
    switch texts[.type] {
    case "call":
      return .call(
        Call(
          id: id, replyTopic: texts[.reply] ?? "", target: texts[.target] ?? "", method: texts[.method] ?? "",
          arguments: values[.args] ?? [], deadline: deadline))
    case "reply":
      return .reply(Reply(id: id, error: texts[.error] ?? "", result: values[.result] ?? []))
    default:
      throw scanner.error("this is neither a call nor a reply")
    }
  }

  /// Writes a call or a reply as Go's encoder does.
  package static func encodeCall(_ message: CallMessage) -> ByteBuffer {
    var writer = GoJSONWriter(capacity: 256)
    writer.beginObject()
    switch message {
    case .call(let call):
      writer.member("type", text: "call")
      writer.member("id", text: call.id)
      writer.member("reply", unlessEmpty: call.replyTopic)
      writer.member("target", unlessEmpty: call.target)
      writer.member("method", unlessEmpty: call.method)
      writer.member("args", unlessEmpty: ByteBuffer(bytes: call.arguments))
      writer.member("deadline", unlessZero: call.deadline)
    case .reply(let reply):
      writer.member("type", text: "reply")
      writer.member("id", text: reply.id)
      writer.member("error", unlessEmpty: reply.error)
      writer.member("result", unlessEmpty: ByteBuffer(bytes: reply.result))
    }
    writer.endObject()
    return writer.buffer
  }

  /// Reads the value of a route.
  package static func decodeRoute(_ bytes: ByteBuffer) throws(WireError) -> Route {
    var scanner = JSONScanner(bytes)
    var nodeID: String?
    var updatedAt: Timestamp?
    try scanner.object { (name, scanner) throws(WireError) in
      let member: RouteMember? = scanner.member(name)
      switch member {
      case .podID: nodeID = try scanner.textOrNull() ?? nodeID
      case .updatedAt: updatedAt = try scanner.timestampOrNull() ?? updatedAt
      case nil: try scanner.skipValue()
      }
    }
    try scanner.requireEnd()
    guard let nodeID, Names.isValidNodeID(nodeID) else { throw scanner.error("a route names no pod") }
    guard let updatedAt else { throw WireError(.timestampOutOfRange) }
    return Route(nodeID: nodeID, updatedAt: updatedAt)
  }

  /// Writes the value of a route as Go's encoder does.
  package static func encodeRoute(_ route: Route) -> ByteBuffer {
    var writer = GoJSONWriter(capacity: 256)
    writer.beginObject()
    writer.member("pod_id", text: route.nodeID)
    writer.member("updated_at", timestamp: route.updatedAt)
    writer.endObject()
    return writer.buffer
  }
}
