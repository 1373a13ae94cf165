/// Why TLS failed, in words; what the TLS library says comes after, for those who know it.
package enum TLSFailure {
  /// - Parameter trusted: Whose certificates are accepted.
  package static func words(_ error: any Error, trusted: String) -> String {
    let text = "\(error)"
    guard let known = known.first(where: { text.contains($0.mark) }) else { return text }
    return "\(known.words.replacing("AUTHORITY", with: trusted)) (\(known.mark))"
  }

  private static let known = [
    (
      mark: "CERTIFICATE_VERIFY_FAILED",
      words: "its certificate is not of AUTHORITY, or has expired"
    ),
    (
      mark: "failedToValidateHostname",
      words: "its certificate is for other names than the one that was dialled"
    ),
    (mark: "PEER_DID_NOT_RETURN_A_CERTIFICATE", words: "it shows no certificate"),
    (mark: "ALERT_UNKNOWN_CA", words: "it does not know the authority of this pod's certificate"),
    (mark: "ALERT_CERTIFICATE_REQUIRED", words: "it wants a certificate, and this pod has none"),
    (mark: "ALERT_CERTIFICATE_EXPIRED", words: "this pod's certificate has expired"),
    (mark: "ALERT_BAD_CERTIFICATE", words: "it does not accept this pod's certificate"),
    (mark: "WRONG_VERSION_NUMBER", words: "it does not speak TLS"),
    (mark: "eofDuringHandshake", words: "it closed the connection in the middle of the handshake"),
    (mark: "HTTP_REQUEST", words: "it speaks HTTP"),
  ]
}
