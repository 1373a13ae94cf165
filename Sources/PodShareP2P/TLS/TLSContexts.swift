import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The certificates in force, made into what NIOSSL works with; made anew when their files change.
final class TLSContexts: Sendable {
  /// What the files hold.
  private struct Material: Equatable {
    var certificate: [UInt8]?
    var key: [UInt8]?
    var authority: [UInt8]
  }

  private struct Contexts {
    var material: Material
    var client: NIOSSLContext
    var server: NIOSSLContext?
  }

  private let options: P2PTLS
  private let contexts: NIOLockedValueBox<Contexts>
  /// What could not be used the last time, so that it is reported once.
  private let unusable = NIOLockedValueBox<Material?>(nil)

  init(_ options: P2PTLS) throws(P2PError) {
    self.options = options
    contexts = NIOLockedValueBox(try Self.makeContexts(of: try Self.read(options), options))
  }

  /// For a link that this pod dials.
  func clientHandler(for host: String) throws -> NIOSSLClientHandler {
    let isName = (try? SocketAddress(ipAddress: host, port: 0)) == nil
    return try NIOSSLClientHandler(
      context: contexts.withLockedValue { $0.client },
      serverHostname: options.verifiesHostName && isName ? host : nil)
  }

  /// For a link that another pod dials. Nil if this pod has no certificate to show.
  func serverHandler() -> NIOSSLServerHandler? {
    contexts.withLockedValue { $0.server }.map { NIOSSLServerHandler(context: $0) }
  }

  /// Looks at the files. Those that cannot be used are reported once and change nothing. Returns whether others are in
  /// force now.
  func reload() throws(P2PError) -> Bool {
    let material: Material
    do throws(P2PError) {
      material = try Self.read(options)
    } catch {
      // Perhaps they are just being replaced.
      guard unusable.withLockedValue({ $0 != nil }) else {
        unusable.withLockedValue { $0 = Material(authority: []) }
        throw error
      }
      return false
    }
    guard material != contexts.withLockedValue({ $0.material }) else {
      unusable.withLockedValue { $0 = nil }
      return false
    }
    guard material != unusable.withLockedValue({ $0 }) else { return false }
    do throws(P2PError) {
      let made = try Self.makeContexts(of: material, options)
      contexts.withLockedValue { $0 = made }
      unusable.withLockedValue { $0 = nil }
      return true
    } catch {
      unusable.withLockedValue { $0 = material }
      throw error
    }
  }

  private static func read(_ options: P2PTLS) throws(P2PError) -> Material {
    var material = Material(authority: try readFile(options.authorityFile))
    if let file = options.certificateFile { material.certificate = try readFile(file) }
    if let file = options.keyFile { material.key = try readFile(file) }
    return material
  }

  private static func readFile(_ path: String) throws(P2PError) -> [UInt8] {
    guard let file = fopen(path, "r") else {
      throw P2PError(.unusableCertificates, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes += part.prefix(count)
      guard bytes.count <= maxFileBytes else { throw P2PError(.unusableCertificates, "\(path) is too large") }
    }
    guard ferror(file) == 0 else { throw P2PError(.unusableCertificates, "\(path) cannot be read") }
    return bytes
  }

  private static var maxFileBytes: Int { 16 * 1_024 * 1_024 }

  private static func makeContexts(of material: Material, _ options: P2PTLS) throws(P2PError) -> Contexts {
    let authorities = try parse(options.authorityFile) {
      try NIOSSLCertificate.fromPEMBytes(material.authority)
    }
    guard !authorities.isEmpty else {
      throw P2PError(.unusableCertificates, "\(options.authorityFile) holds no certificate")
    }
    var client = TLSConfiguration.makeClientConfiguration()
    client.trustRoots = .certificates(authorities)
    client.certificateVerification = options.verifiesHostName ? .fullVerification : .noHostnameVerification
    guard let certificate = material.certificate, let keyBytes = material.key else {
      return Contexts(material: material, client: try makeContext(client, options), server: nil)
    }
    let chain = try parse(options.certificateFile) { try NIOSSLCertificate.fromPEMBytes(certificate) }
    let key = try parse(options.keyFile) { try NIOSSLPrivateKey(bytes: keyBytes, format: .pem) }
    client.certificateChain = chain.map { .certificate($0) }
    client.privateKey = .privateKey(key)
    var server = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    if options.requiresPeerCertificate {
      server.trustRoots = .certificates(authorities)
      server.certificateVerification = .noHostnameVerification
    }
    return Contexts(
      material: material, client: try makeContext(client, options), server: try makeContext(server, options))
  }

  private static func parse<Result>(_ path: String?, _ body: () throws -> Result) throws(P2PError) -> Result {
    do { return try body() } catch {
      throw P2PError(.unusableCertificates, "\(path ?? "") cannot be used: \(words(error))")
    }
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case NIOSSLError.failedToLoadCertificate: "it holds no certificate in PEM"
    case NIOSSLError.failedToLoadPrivateKey: "it holds no private key in PEM"
    default: "\(error)"
    }
  }

  private static func makeContext(
    _ configuration: TLSConfiguration, _ options: P2PTLS
  ) throws(P2PError) -> NIOSSLContext {
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch NIOSSLError.failedToLoadPrivateKey {
      // Both could be read, so they are not of one pair.
      throw P2PError(
        .unusableCertificates,
        "\(options.keyFile ?? "") cannot be used: "
          + "the key does not fit the certificate in \(options.certificateFile ?? "")"
      )
    } catch NIOSSLError.failedToLoadCertificate {
      throw P2PError(
        .unusableCertificates,
        "\(options.certificateFile ?? "") cannot be used: no certificate for this pod is in it")
    } catch {
      throw P2PError(.unusableCertificates, "the certificates cannot be used: \(error)")
    }
  }
}
