import PodShareP2P
import Testing

@testable import PodShareTool

@Suite("Why a fleet cannot be joined", .timeLimit(.minutes(1)))
struct DiagnosisTests {
  private func diagnosis(_ errors: P2PError...) -> Diagnosis {
    Diagnosis(topic: "t", peers: ["a:1", "b:2"], errors: errors, linked: [], usesTLS: false)
  }

  private let unreachable = P2PError(.dialFailed, "connection refused", peer: "a:1")
  private let otherCluster = P2PError(.otherCluster, "it belongs to cluster \"x\"", peer: "pod")
  private let tls = P2PError(.tlsFailed, "unknown authority", peer: "b:2")

  @Test("Nobody can be reached: the last word of each peer")
  func nobody() {
    let failure = diagnosis(P2PError(.dialFailed, "timeout", peer: "a:1"), unreachable).failure(after: "5 s")
    #expect(
      failure == Failure(.unreachable, "no peer could be reached within 5 s: a:1: connection refused"))
    #expect(diagnosis().failure(after: "5 s").message == "no peer could be reached within 5 s: a:1, b:2")
  }

  @Test("What explains most is told: TLS before the cluster's name, before what cannot be reached")
  func order() {
    #expect(diagnosis(unreachable, otherCluster, tls).failure(after: "5 s").status == .tlsFailed)
    let failure = diagnosis(unreachable, otherCluster).failure(after: "5 s")
    #expect(failure == Failure(.refused, "the peers refuse this pod: pod: it belongs to cluster \"x\""))
  }

  @Test("What speaks TLS makes no sense to whoever does not")
  func noTLS() {
    let failure = diagnosis(P2PError(.protocolViolation, "a frame is too long", peer: "a:1")).failure(
      after: "5 s")
    #expect(failure.status == .tlsFailed)
    #expect(
      failure.message.hasSuffix("a:1: a frame is too long. Does the fleet use TLS? Then --tls-ca is missing.")
    )
  }

  @Test("What the TLS library says is put into words, as far as there are any")
  func tlsWords() {
    let failure = diagnosis(
      P2PError(.tlsFailed, "sslError([Error: 1 SSL routines:TLSV1_ALERT_UNKNOWN_CA at x.cc:4])", peer: "a:1"),
      tls
    ).failure(after: "5 s")
    #expect(
      failure.message
        == "TLS failed: a:1: it does not know the authority of this pod's certificate; b:2: unknown authority"
    )
  }

  @Test("Waiting helps as long as a peer may still come")
  func hopeless() {
    #expect(!diagnosis().isHopeless)
    #expect(!diagnosis(unreachable, otherCluster).isHopeless)
    #expect(diagnosis(otherCluster, P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
    #expect(!diagnosis(P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
  }
}
