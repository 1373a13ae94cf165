import PodShareP2P
import Testing

@testable import PodShareTool

@Suite("Why a fleet cannot be joined", .timeLimit(.minutes(1)))
struct DiagnosisTests {
  private func diagnosis(_ errors: P2PError...) -> Diagnosis {
    Diagnosis(topic: "t", peers: ["a:1", "b:2"], errors: errors, linked: [])
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

  @Test("Waiting helps as long as a peer may still come")
  func hopeless() {
    #expect(!diagnosis().isHopeless)
    #expect(!diagnosis(unreachable, otherCluster).isHopeless)
    #expect(diagnosis(otherCluster, P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
    #expect(!diagnosis(P2PError(.handshakeFailed, "closed", peer: "a:1")).isHopeless)
  }
}
