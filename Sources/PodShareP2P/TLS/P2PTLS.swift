/// How the links of a mesh are encrypted, and whom they admit. All files are PEM.
///
/// The files are read again when they change, so certificates can be renewed without a restart: new links use the new
/// ones, links that are there stay.
public struct P2PTLS: Sendable {
  /// This pod's certificate, then those between it and the authority's.
  public var certificateFile: String?
  /// The private key of this pod's certificate.
  public var keyFile: String?
  /// The certificates of the fleet's own authority. A peer is admitted if its certificate leads to one of them; the
  /// machine's list of well-known authorities does not count.
  public var authorityFile: String
  /// Whether a pod that dials this one must have a certificate, too. If not, anybody who reaches the port reads and
  /// writes everything, though nobody on the way does.
  public var requiresPeerCertificate: Bool
  /// Whether the certificate of a pod that this one dials must be for the host name that was dialled. Default false:
  /// pods are mostly dialled by addresses that no certificate knows, and whoever has a certificate of the fleet's is
  /// part of it. An IP address must be among the certificate's names as such.
  public var verifiesHostName = false
  /// How often the files are looked at. Default 10 s.
  public var reloadInterval: Duration = .seconds(10)

  /// Both sides of a link show a certificate of the fleet's authority.
  public static func mutual(certificateFile: String, keyFile: String, authorityFile: String) -> P2PTLS {
    P2PTLS(
      certificateFile: certificateFile, keyFile: keyFile, authorityFile: authorityFile,
      requiresPeerCertificate: true)
  }

  /// Only the pod that was dialled shows a certificate. One that listens nowhere needs none: then both files may
  /// be nil.
  public static func serverOnly(certificateFile: String?, keyFile: String?, authorityFile: String) -> P2PTLS {
    P2PTLS(
      certificateFile: certificateFile, keyFile: keyFile, authorityFile: authorityFile,
      requiresPeerCertificate: false)
  }
}
