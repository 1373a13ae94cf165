import Foundation
import NIOCore
import NIOPosix
import PodShare
import PodShareP2P
import TestSupport
import Testing

@testable import struct PodShareP2P.Frame

@Suite("Who is let in", .timeLimit(.minutes(2)))
struct TLSTests {
  /// A folder with the files of one pod.
  private final class Files {
    let folder = FileManager.default.temporaryDirectory.appending(path: "podshare-tls-\(UUID().uuidString)")

    init(_ certificate: String, _ key: String, authority: String = Certificates.fleet) throws {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try write(certificate, key, authority: authority)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ certificate: String, _ key: String, authority: String = Certificates.fleet) throws {
      for (name, text) in [("cert", certificate), ("key", key), ("ca", authority)] {
        try Data(text.utf8).write(to: folder.appending(path: name), options: .atomic)
      }
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    var mutual: P2PTLS {
      .mutual(certificateFile: path("cert"), keyFile: path("key"), authorityFile: path("ca"))
    }

    var serverOnly: P2PTLS {
      .serverOnly(certificateFile: path("cert"), keyFile: path("key"), authorityFile: path("ca"))
    }
  }

  private func start(_ name: String, _ tls: P2PTLS?, peers: [PeerAddress] = []) async throws -> TestPod {
    try await TestPod.start(name, peers: peers) {
      $0.tls = tls
      if tls != nil, tls?.certificateFile == nil { $0.listenAddress = nil }
      $0.handshakeTimeout = .milliseconds(500)
    }
  }

  @Test("Pods with certificates of the fleet's authority replicate, large messages too")
  func mutual() async throws {
    let files = try Files(Certificates.pod, Certificates.podKey)
    let a = try await start("a", files.mutual)
    let b = try await start("b", files.mutual, peers: [try a.address])
    let storeA = try await a.join("tls", of: String.self)
    let storeB = try await b.join("tls", of: String.self)
    try storeA.set("small", to: "1")
    try storeB.set("large", to: String(repeating: "x", count: 3_000_000))
    await eventually("both have both") { storeB["small"] == "1" && storeA["large"]?.utf8.count == 3_000_000 }
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
    #expect(a.reported.isEmpty && b.reported.isEmpty, "\(a.reported) \(b.reported)")
  }

  /// A writes, the intruder dials it. Nothing may come of that but an error on A's side.
  private func expectRefusal(of intruder: P2PTLS?, by own: P2PTLS, as codes: [P2PError.Code]) async throws {
    let a = try await start("a", own)
    let storeA = try await a.join("secret", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    try storeA.set("key", to: 1)
    let b = try await start("b", intruder, peers: [try a.address])
    let storeB = try await b.join("secret", of: Int.self) { $0.joinTimeout = .milliseconds(50) }
    await eventually("it is reported where it was refused") {
      a.reported.contains { codes.contains($0.code) }
    }
    await eventually("and where it came from") { !b.reported.isEmpty }
    try storeA.set("key", to: 2)
    try await Task.sleep(for: .milliseconds(300))
    #expect(storeB.keys.isEmpty)
    #expect(await a.linked().isEmpty)
    #expect(await b.linked().isEmpty)
    for store in [storeA, storeB] { try await store.close() }
    for pod in [a, b] { try await pod.close() }
  }

  @Test("A peer without a certificate is refused and reported, and reads nothing")
  func noCertificate() async throws {
    let files = try Files(Certificates.pod, Certificates.podKey)
    let bare = P2PTLS.serverOnly(certificateFile: nil, keyFile: nil, authorityFile: files.path("ca"))
    try await expectRefusal(of: bare, by: files.mutual, as: [.tlsFailed])
  }

  @Test("A peer with another authority's certificate is refused and reported, and reads nothing")
  func foreignCertificate() async throws {
    let own = try Files(Certificates.pod, Certificates.podKey)
    let other = try Files(Certificates.stranger, Certificates.strangerKey)
    try await expectRefusal(of: other.mutual, by: own.mutual, as: [.tlsFailed])
  }

  @Test("A peer whose certificate has expired is refused and reported, and reads nothing")
  func expiredCertificate() async throws {
    let own = try Files(Certificates.pod, Certificates.podKey)
    let old = try Files(Certificates.expired, Certificates.expiredKey)
    try await expectRefusal(of: old.mutual, by: own.mutual, as: [.tlsFailed])
  }

  @Test("A peer that speaks plaintext is refused and reported, and reads nothing")
  func plaintext() async throws {
    let own = try Files(Certificates.pod, Certificates.podKey)
    try await expectRefusal(of: nil, by: own.mutual, as: [.tlsFailed])
  }

  @Test("A pod does not send a word to one whose certificate it cannot trust")
  func untrustedServer() async throws {
    let own = try Files(Certificates.pod, Certificates.podKey)
    let fake = try Files(Certificates.stranger, Certificates.strangerKey, authority: Certificates.foreign)
    let a = try await start("a", fake.serverOnly)
    let b = try await start("b", own.serverOnly, peers: [try a.address])
    await eventually("b says so") { b.reported.contains { $0.code == .tlsFailed } }
    #expect(await a.linked().isEmpty)
    for pod in [a, b] { try await pod.close() }
  }

  @Test("With certificates on the dialled side alone, one without any is linked")
  func serverOnly() async throws {
    let files = try Files(Certificates.pod, Certificates.podKey)
    let a = try await start("a", files.serverOnly)
    let b = try await TestPod.start("b", peers: [try a.address]) {
      $0.listenAddress = nil
      $0.tls = .serverOnly(certificateFile: nil, keyFile: nil, authorityFile: files.path("ca"))
    }
    await a.waitForLinks(["b"])
    for pod in [a, b] { try await pod.close() }
  }

  @Test("A host name is verified if that is asked for")
  func hostName() async throws {
    let files = try Files(Certificates.pod, Certificates.podKey)
    let a = try await start("a", files.mutual)
    var tls = files.mutual
    tls.verifiesHostName = true
    let port = try a.address.port
    let wrong = try await start("wrong", tls, peers: [PeerAddress(host: "127.0.0.1", port: port)])
    await eventually("the certificate is not for that address") {
      wrong.reported.contains { $0.code == .tlsFailed }
    }
    let right = try await start("right", tls, peers: [PeerAddress(host: "localhost", port: port)])
    await right.waitForLinks(["a"])
    #expect(await wrong.linked().isEmpty)
    for pod in [wrong, right, a] { try await pod.close() }
  }

  @Test("Certificates are read again when their files change; files that cannot be used change nothing")
  func renewal() async throws {
    let files = try Files(Certificates.expired, Certificates.expiredKey)
    var tls = files.mutual
    tls.reloadInterval = .milliseconds(20)
    let a = try await start("a", tls)
    let good = try Files(Certificates.pod, Certificates.podKey)
    let b = try await start("b", good.mutual, peers: [try a.address])
    await eventually("b does not trust what has expired") { b.reported.contains { $0.code == .tlsFailed } }
    // The key of another certificate, as when one file has been replaced and the other not yet.
    try files.write(Certificates.renewed, Certificates.podKey)
    await eventually("that is reported") { a.reported.contains { $0.code == .unusableCertificates } }
    try files.write(Certificates.renewed, Certificates.renewedKey)
    await a.waitForLinks(["b"])
    for pod in [a, b] { try await pod.close() }
  }

  @Test("A pod that listens needs certificate and key, and any pod both or neither")
  func incomplete() async throws {
    let files = try Files(Certificates.pod, Certificates.podKey)
    let (certificate, key, authority) = (files.path("cert"), files.path("key"), files.path("ca"))
    for (listenAddress, tls) in [
      ("127.0.0.1:0", .serverOnly(certificateFile: nil, keyFile: nil, authorityFile: authority)),
      ("127.0.0.1:0", .serverOnly(certificateFile: certificate, keyFile: nil, authorityFile: authority)),
      (nil, .serverOnly(certificateFile: certificate, keyFile: nil, authorityFile: authority)),
      (nil, .serverOnly(certificateFile: nil, keyFile: key, authorityFile: authority)),
    ] as [(PeerAddress?, P2PTLS)] {
      var configuration = P2PConfiguration(listenAddress: listenAddress)
      configuration.tls = tls
      let transport = P2PTransport(configuration: configuration)
      await #expect {
        try await transport.start()
      } throws: {
        ($0 as? P2PError)?.code == .invalidConfiguration
      }
      try await transport.close()
    }
  }

  @Test("The key of another certificate is named as such, with its file")
  func wrongKey() async throws {
    let files = try Files(Certificates.renewed, Certificates.podKey)
    await #expect {
      _ = try await start("a", files.mutual)
    } throws: { error in
      let text = "\(error)"
      return text.contains("the key does not fit the certificate") && text.contains(files.path("key"))
        && text.contains(files.path("cert"))
    }
  }

  @Test("A peer that goes away in the middle of the handshake is told of as such: it may be starting anew")
  func goesAway() async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in channel.close() }
      .bind(host: "127.0.0.1", port: 0).get()
    let address = PeerAddress(host: "127.0.0.1", port: server.localAddress?.port ?? 0)
    let files = try Files(Certificates.pod, Certificates.podKey)
    let a = try await start("a", files.mutual, peers: [address])
    await eventually("it is reported") { !a.reported.isEmpty }
    try await Task.sleep(for: .milliseconds(300))
    #expect(a.reported.allSatisfy { $0.code == .handshakeFailed }, "\(a.reported)")
    #expect(
      a.reported.allSatisfy { $0.message.contains("in the middle of the TLS handshake") }, "\(a.reported)")
    try await a.close()
    try await server.close()
  }

  @Test("Files that are not there, or hold something else, keep the transport from starting, and are named")
  func unusable() async throws {
    let files = try Files("nonsense", Certificates.podKey)
    for (tls, name) in [
      (files.mutual, "cert"),
      (
        .mutual(certificateFile: "/nowhere/cert", keyFile: "/nowhere/key", authorityFile: files.path("ca")),
        "/nowhere"
      ),
    ] {
      do {
        let pod = try await start("a", tls)
        try await pod.close()
        Issue.record("it started")
      } catch let error as P2PError {
        #expect(error.code == .unusableCertificates)
        #expect(error.message.contains(name), "\(error)")
      }
    }
  }
}
