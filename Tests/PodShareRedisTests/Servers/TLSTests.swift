import Foundation
import PodShare
import PodShareRedis
import TestSupport
import Testing

@Suite("Redis over TLS", .needsRedis, .timeLimit(.minutes(1)))
struct RedisTLSTests {
  /// A server with a certificate for "localhost" of the fleet's authority, and the files of clients.
  private final class Secured {
    let folder: URL
    let server: RedisServer
    let address: RedisAddress

    init(asksClients: Bool) async throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, text) in [
        ("ca.crt", Certificates.fleet), ("foreign.crt", Certificates.foreign), ("pod.crt", Certificates.pod),
        ("pod.key", Certificates.podKey), ("stranger.crt", Certificates.stranger),
        ("stranger.key", Certificates.strangerKey),
      ] {
        try Data(text.utf8).write(to: folder.appending(path: name))
      }
      let port = try RedisServer.freePort()
      address = RedisAddress(host: "localhost", port: port)
      server = try await RedisServer([
        "--tls-port", "\(port)", "--tls-cert-file", folder.path + "/pod.crt", "--tls-key-file",
        folder.path + "/pod.key", "--tls-ca-cert-file", folder.path + "/ca.crt", "--tls-auth-clients",
        asksClients ? "yes" : "no",
      ])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func file(_ name: String) -> String { folder.appending(path: name).path }

    func pod(_ name: String, _ tls: RedisTLS?) throws -> RedisPod {
      try RedisPod(name, server) { configuration in
        configuration.addresses = [address]
        configuration.tls = tls
      }
    }

    func failure(of tls: RedisTLS?) async throws -> String {
      let pod = try pod("refused", tls)
      defer { Task { try? await pod.close() } }
      do {
        _ = try await pod.join("t", of: Int.self)
        return ""
      } catch {
        return "\(error)"
      }
    }
  }

  @Test("The server shows a certificate of the authority, and pods replicate")
  func serverOnly() async throws {
    let secured = try await Secured(asksClients: false)
    let tls = RedisTLS(authorityFile: secured.file("ca.crt"))
    let (podA, podB) = (try secured.pod("a", tls), try secured.pod("b", tls))
    let a = try await podA.join("t", of: String.self)
    let b = try await podB.join("t", of: String.self)
    let large = String(repeating: "x", count: 2_000_000)
    try a.set("large", to: large)
    await eventually("the other has it") { b["large"] == large }
    try await a.flush()
    for store in [a, b] { try await store.close() }
    for pod in [podA, podB] { try await pod.close() }
  }

  @Test("A server of another authority, or with another name, is refused, and it is said why")
  func otherAuthority() async throws {
    let secured = try await Secured(asksClients: false)
    for tls in [RedisTLS(authorityFile: secured.file("foreign.crt")), RedisTLS()] {
      let text = try await secured.failure(of: tls)
      #expect(text.contains("its certificate is not of an authority that this pod trusts"), "\(text)")
    }
    let pod = try RedisPod("a", secured.server) { configuration in
      configuration.addresses = [RedisAddress(host: "127.0.0.1", port: secured.address.port)]
      configuration.tls = RedisTLS(authorityFile: secured.file("ca.crt"))
    }
    await #expect(throws: StoreError.self) { _ = try await pod.join("t", of: Int.self) }
    #expect(pod.reported(.tlsFailed), "the certificate is for localhost")
    try await pod.close()
  }

  @Test("A server that asks for certificates admits only pods of its authority")
  func mutual() async throws {
    let secured = try await Secured(asksClients: true)
    let pod = try secured.pod(
      "a",
      RedisTLS(
        authorityFile: secured.file("ca.crt"), certificateFile: secured.file("pod.crt"),
        keyFile: secured.file("pod.key")))
    let store = try await pod.join("t", of: Int.self)
    try store.set("key", to: 1)
    try await store.flush()
    try await store.close()
    try await pod.close()
    let none = try await secured.failure(of: RedisTLS(authorityFile: secured.file("ca.crt")))
    #expect(!none.isEmpty)
    let stranger = try await secured.failure(
      of: RedisTLS(
        authorityFile: secured.file("ca.crt"), certificateFile: secured.file("stranger.crt"),
        keyFile: secured.file("stranger.key")))
    #expect(!stranger.isEmpty)
  }

  @Test("Files that cannot be used are named; plaintext where TLS is spoken fails at once")
  func mistakes() async throws {
    let secured = try await Secured(asksClients: false)
    let missing = try await secured.failure(of: RedisTLS(authorityFile: "/nowhere/ca.crt"))
    #expect(missing.contains("/nowhere/ca.crt"), "\(missing)")
    let swapped = try await secured.failure(
      of: RedisTLS(
        authorityFile: secured.file("ca.crt"), certificateFile: secured.file("pod.key"),
        keyFile: secured.file("pod.crt")))
    #expect(swapped.contains("pod.key"), "\(swapped)")
    let pod = try RedisPod("a", secured.server) { configuration in
      configuration.addresses = [secured.address]
      configuration.startTimeout = .milliseconds(500)
    }
    await #expect(throws: StoreError.self) { _ = try await pod.join("t", of: Int.self) }
    try await pod.close()
  }
}
