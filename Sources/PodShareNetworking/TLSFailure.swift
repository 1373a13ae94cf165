import NIOCore

/// Why TLS failed, in words; what the TLS library says comes after, for those who know it.
package struct TLSFailure: CustomStringConvertible, Sendable {
  /// What makes a difference to somebody.
  package enum Kind: Sendable {
    /// The other side's certificate is not trusted.
    case untrusted
    /// The other side wants a certificate.
    case certificateWanted
    /// The other side went away in the middle of the handshake. One that starts anew does that, so it may be better the
    /// next time.
    case goneInHandshake
  }

  package let kind: Kind?
  package let description: String

  /// - Parameter trusted: Whose certificates are accepted.
  package init(_ error: any Error, trusted: String) {
    let text = "\(error)"
    if let known = Self.known.first(where: { text.contains($0.mark) }) {
      kind = known.kind
      description = "\(known.words.replacing("AUTHORITY", with: trusted)) (\(known.mark))"
    } else if error is IOError || error is ChannelError {
      kind = .goneInHandshake
      description = "it went away in the middle of the TLS handshake: \(DialFailure.words(error))"
    } else {
      kind = nil
      description = text
    }
  }

  private static let known: [(mark: String, words: String, kind: Kind?)] = [
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not of AUTHORITY, or has expired", .untrusted),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "it shows no certificate", nil),
    ("ALERT_UNKNOWN_CA", "it does not know the authority of this pod's certificate", nil),
    ("ALERT_CERTIFICATE_REQUIRED", "it wants a certificate, and this pod has none", .certificateWanted),
    ("ALERT_CERTIFICATE_EXPIRED", "this pod's certificate has expired", nil),
    ("ALERT_BAD_CERTIFICATE", "it does not accept this pod's certificate", nil),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS", nil),
    ("HTTP_REQUEST", "it speaks HTTP", nil),
    ("EOF during handshake", "it closed the connection in the middle of the TLS handshake", .goneInHandshake),
    ("uncleanShutdown", "it closed the connection in the middle of the TLS handshake", .goneInHandshake),
    (
      "Connection reset by peer", "it broke the connection in the middle of the TLS handshake",
      .goneInHandshake
    ),
    ("failedToValidateHostname", "its certificate is for other names than the one that was dialled", nil),
  ]
}
