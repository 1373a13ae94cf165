import Testing

@testable import PodShareTool

@Suite("TLS", .serialized, .timeLimit(.minutes(3)), .enabled(if: Certificates.isPossible, "needs openssl"))
struct TLSProcessTests {
  @Test("Who has a certificate of the fleet's is let in, and nobody else")
  func mutual() async throws {
    let certificates = try Certificates()
    defer { certificates.remove() }
    try await Tool.run { tool in
      let a = try await tool.start(["pod", "--node", "a"] + certificates.options("pod"))
      try await a.waitUntilReady()
      func get(_ options: [String]) async throws -> Outcome {
        try await tool.output(["get", "k", "--peers", a.address] + options)
      }
      #expect(try await a.ask("set k 1") == "ok")
      #expect(
        try await get(certificates.options("pod")) == Outcome(status: 0, output: ["1"], errors: []))

      let stranger = try await get(certificates.options("stranger"))
      #expect(stranger.status == ExitStatus.tlsFailed.rawValue)
      #expect(
        stranger.errors == [
          "podshare: TLS failed: \(a.address): it does not know the authority of this pod's certificate"
            + " (ALERT_UNKNOWN_CA)"
        ])

      let mistrustful = try await get(certificates.options("pod", authority: "other"))
      #expect(mistrustful.status == ExitStatus.tlsFailed.rawValue)
      #expect(
        mistrustful.errors == [
          "podshare: TLS failed: \(a.address): its certificate is not of the fleet's authority, or has expired"
            + " (CERTIFICATE_VERIFY_FAILED): see --tls-ca"
        ])

      let plaintext = try await get([])
      #expect(plaintext.status == ExitStatus.tlsFailed.rawValue)
      #expect(
        plaintext.errors == [
          "podshare: TLS failed: \(a.address): it speaks TLS, and this pod does not: --tls-ca is missing"
        ])
    }
  }
}
