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
    var members: [CallMember: JSONScanner.Token] = [:]
    try scanner.object { (name, scanner) throws(WireError) in
      let member: CallMember? = scanner.member(name)
      let value = try scanner.value()
      guard let member else { return }
      let isBytes = member == .args || member == .result
      if isBytes || value.kind != .null { members[member] = value }
    }
    try scanner.requireEnd()

    func text(_ member: CallMember) throws(WireError) -> String {
      guard let token = members[member] else { return "" }
      return try scanner.string(token, of: member.rawValue)
    }
    func codecBytes(_ member: CallMember) throws(WireError) -> [UInt8] {
      guard let token = members[member] else { return [] }
      return try scanner.codecBytes(token, of: member.rawValue)
    }

    let id = try text(.id)
    guard !id.isEmpty else { throw WireError(.malformed("a call or a reply has no ID")) }
    switch try text(.type) {
    case "call":
      let deadline: Int64 =
        if let token = members[.deadline] { try scanner.number(token, of: "deadline") } else { 0 }
      return .call(
        Call(
          id: id, replyTopic: try text(.reply), target: try text(.target), method: try text(.method),
          arguments: try codecBytes(.args), deadline: deadline))
    case "reply":
      return .reply(Reply(id: id, error: try text(.error), result: try codecBytes(.result)))
    default:
      throw WireError(.malformed("this is neither a call nor a reply"))
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
    var nodeID: JSONScanner.Token?
    var updatedAt: JSONScanner.Token?
    try scanner.object { (name, scanner) throws(WireError) in
      let member: RouteMember? = scanner.member(name)
      let value = try scanner.value()
      switch member {
      case .podID: nodeID.take(value)
      case .updatedAt: updatedAt.take(value)
      case nil: break
      }
    }
    try scanner.requireEnd()
    guard let nodeID, let updatedAt else { throw WireError(.malformed("a route names no pod, or no time")) }
    let route = Route(
      nodeID: try scanner.string(nodeID, of: "pod_id"),
      updatedAt: try scanner.timestamp(updatedAt, of: "updated_at"))
    guard Names.isValidNodeID(route.nodeID) else { throw WireError(.malformed("a route names no pod")) }
    return route
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
