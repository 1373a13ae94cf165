/// Why TLS failed, in words: what the TLS library says is for those who know it.
enum TLSReason {
  /// What the error means, if it is one of those that operators meet; otherwise itself.
  static func words(_ message: String) -> String {
    known.first { message.contains($0.mark) }?.words ?? message
  }

  private static let known = [
    (
      mark: "CERTIFICATE_VERIFY_FAILED",
      words: "its certificate is not of the authority in --tls-ca, or has expired"
    ),
    (mark: "ALERT_UNKNOWN_CA", words: "it does not know the authority of this pod's certificate"),
    (mark: "ALERT_CERTIFICATE_REQUIRED", words: "it wants a certificate: --tls-cert and --tls-key"),
    (mark: "ALERT_CERTIFICATE_EXPIRED", words: "this pod's certificate has expired"),
    (mark: "ALERT_BAD_CERTIFICATE", words: "it does not accept this pod's certificate"),
    (mark: "WRONG_VERSION_NUMBER", words: "it does not speak TLS"),
    (mark: "eofDuringHandshake", words: "it closed the connection: perhaps it does not speak TLS"),
  ]
}
