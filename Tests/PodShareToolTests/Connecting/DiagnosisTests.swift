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

  @Test("What there is to be changed is said with the reason, by its kind and not by its words")
  func remedies() {
    func message(_ cause: P2PError.Cause?) -> String {
      diagnosis(P2PError(.tlsFailed, "so it is", peer: "a:1", cause: cause), tls).failure().message
    }
    #expect(message(nil) == "TLS failed: a:1: so it is; b:2: unknown authority")
    #expect(
      message(.untrustedCertificate) == "TLS failed: a:1: so it is: see --tls-ca; b:2: unknown authority")
    #expect(message(.speaksTLS) == "TLS failed: a:1: so it is: --tls-ca is missing; b:2: unknown authority")
    #expect(
      message(.certificateWanted).hasPrefix("TLS failed: a:1: so it is: see --tls-cert and --tls-key; "))
  }

  @Test("What speaks another protocol is no pod, and no matter of TLS")
  func otherProtocol() {
    let diagnosis = diagnosis(
      P2PError(.protocolViolation, "it speaks HTTP: it is no pod", peer: "a:1", cause: .otherProtocol))
    #expect(
      diagnosis.failure()
        == Failure(.unreachable, "no peer could be reached: a:1: it speaks HTTP: it is no pod"))
    #expect(diagnosis.isHopeless)
  }

  @Test("A handshake of TLS that broke off may succeed the next time")
  func brokenOff() {
    #expect(!diagnosis(P2PError(.handshakeFailed, "it broke the connection", peer: "a:1")).isHopeless)
  }

  @Test("Waiting helps as long as a peer may still come")
  func hopeless() {
    #expect(!diagnosis().isHopeless)
    #expect(!diagnosis(unreachable, otherCluster).isHopeless)
    #expect(diagnosis(otherCluster, P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
    #expect(!diagnosis(P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
  }
}
