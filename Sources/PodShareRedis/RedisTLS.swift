import NIOCore
import NIOSSL

/// How connections to Redis are encrypted. All files are PEM, and read anew for each connection, so certificates can be
/// renewed without a restart.
public struct RedisTLS: Sendable, Hashable {
  /// The certificates of the authorities that the server's certificate may lead to. Nil, the default, means those that
  /// this machine trusts.
  public var authorityFile: String?
  /// This pod's certificate, for servers that ask for one, then those between it and the authority's.
  public var certificateFile: String?
  /// The private key of this pod's certificate.
  public var keyFile: String?
  /// Whether the server's certificate must be for the host that was dialled. Default true. An IP address must be among
  /// the certificate's names as such.
  public var verifiesHostName = true

  /// Makes options; without arguments, those that suit a server with a certificate of a well-known authority.
  public init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
    self.authorityFile = authorityFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }

  func validate() throws(RedisError) {
    guard (certificateFile == nil) == (keyFile == nil) else {
      throw RedisError(.invalidConfiguration, "a certificate and its key belong together")
    }
  }

  /// Reads the files. Takes a few milliseconds.
  func makeContext() throws(RedisError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = verifiesHostName ? .fullVerification : .noHostnameVerification
    if let authorityFile {
      let authorities = try Self.read(authorityFile) { try NIOSSLCertificate.fromPEMFile($0) }
      guard !authorities.isEmpty else {
        throw RedisError(.unusableCertificates, "\(authorityFile) holds no certificate")
      }
      configuration.trustRoots = .certificates(authorities)
    }
    if let certificateFile, let keyFile {
      let chain = try Self.read(certificateFile) { try NIOSSLCertificate.fromPEMFile($0) }
      configuration.certificateChain = chain.map { .certificate($0) }
      configuration.privateKey = .privateKey(
        try Self.read(keyFile) { try NIOSSLPrivateKey(file: $0, format: .pem) })
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw RedisError(.unusableCertificates, "the certificates cannot be used: \(error)")
    }
  }

  static func makeHandler(_ context: NIOSSLContext, for host: String) throws -> NIOSSLClientHandler {
    let isName = (try? SocketAddress(ipAddress: host, port: 0)) == nil
    return try NIOSSLClientHandler(context: context, serverHostname: isName ? host : nil)
  }

  private static func read<Result>(_ path: String, _ body: (String) throws -> Result) throws(RedisError)
    -> Result
  {
    do { return try body(path) } catch {
      throw RedisError(.unusableCertificates, "\(path) cannot be used: \(error)")
    }
  }
}
