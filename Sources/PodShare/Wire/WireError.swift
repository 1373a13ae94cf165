/// Why bytes are not a message.
package struct WireError: Error, Sendable, Equatable {
  package enum Reason: Sendable, Equatable {
    case empty
    case truncated
    case oversized
    case trailingBytes
    /// A version newer than this build speaks.
    case unsupportedVersion(UInt64)
    case unknownKind(UInt8)
    case invalidUTF8
    case numberOverflow
    case timestampOutOfRange
    case checksumMismatch
    /// It names a pod, and no more names can be kept in mind.
    case tooManyNodeIDs
    case malformed(String)
  }

  package var reason: Reason
  /// The pod that the message names as its sender, as far as reading came.
  package var origin: String?
  /// The key that it is about, if it is about one of several.
  package var key: String?
  /// The member of a JSON object that it is about, if it is about one.
  package var member: String?

  package init(_ reason: Reason, origin: String? = nil, member: String? = nil) {
    self.reason = reason
    self.origin = origin
    self.member = member
  }
}

extension WireError {
  /// Whether a later build may understand what this one does not.
  var isOfLaterBuild: Bool {
    switch reason {
    case .unsupportedVersion, .unknownKind: true
    default: false
    }
  }
}

extension WireError: CustomStringConvertible {
  package var description: String {
    guard let member else { return reason.description }
    return "\(reason), in the member \(member.quoted)"
  }
}

extension WireError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .empty: "the message is empty"
    case .truncated: "the message is cut short"
    case .oversized: "the message is larger than \(WireLimits.messageBytes) bytes"
    case .trailingBytes: "there are bytes after the end of the message"
    case .unsupportedVersion(let version): "wire version \(version) is newer than what this build speaks"
    case .unknownKind(let kind): "message kind \(kind) is unknown"
    case .invalidUTF8: "text is not valid UTF-8"
    case .numberOverflow: "a number is out of range"
    case .timestampOutOfRange: "a timestamp lies outside the years 1970 to 2199"
    case .checksumMismatch: "the checksum does not match"
    case .tooManyNodeIDs: "more than half a million node IDs have been heard of in the life of this process"
    case .malformed(let what): what
    }
  }
}
