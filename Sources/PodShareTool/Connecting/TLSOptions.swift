import ArgumentParser
import PodShareP2P

/// Encryption, as the fleet's pods have it.
struct TLSOptions: ParsableArguments {
  @Option(help: ArgumentHelp("This pod's certificate, in PEM.", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The private key of this pod's certificate, in PEM.", valueName: "file"))
  var tlsKey: String?

  @Option(help: ArgumentHelp("The certificates of the fleet's own authority, in PEM.", valueName: "file"))
  var tlsCa: String?

  @Flag(help: "Only the pod that is dialled shows a certificate; one that only dials needs none.")
  var tlsServerOnly = false

  func validate() throws {
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key belong together.")
    }
    if tlsCa == nil {
      guard tlsCert == nil, !tlsServerOnly else {
        throw ValidationError("With TLS the fleet's authority must be known: --tls-ca.")
      }
    } else if tlsCert == nil, !tlsServerOnly {
      throw ValidationError(
        "--tls-ca needs --tls-cert and --tls-key, or --tls-server-only if those who dial need no certificate."
      )
    }
  }

  var configuration: P2PTLS? {
    guard let tlsCa else { return nil }
    if tlsServerOnly {
      return .serverOnly(certificateFile: tlsCert, keyFile: tlsKey, authorityFile: tlsCa)
    }
    // That there are both was checked.
    return .mutual(certificateFile: tlsCert ?? "", keyFile: tlsKey ?? "", authorityFile: tlsCa)
  }
}
