import Foundation

/// Certificates made for one test: "pod" of the authority "fleet", "stranger" of the authority "other".
struct Certificates: Sendable {
  private let folder: URL

  /// Whether there is a program that makes them.
  static var isPossible: Bool { (try? openssl(["version"])) != nil }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("podshare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, authority) in [("pod", "fleet"), ("stranger", "other")] {
      let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
      try Self.openssl(
        ["req", "-x509"] + key
          + [
            "-days", "2", "-subj", "/CN=\(authority)", "-keyout", path(authority, "key"), "-out",
            path(authority, "pem"),
          ])
      try Self.openssl(
        ["req"] + key + ["-subj", "/CN=\(name)", "-keyout", path(name, "key"), "-out", path(name, "csr")])
      try Self.openssl([
        "x509", "-req", "-in", path(name, "csr"), "-CA", path(authority, "pem"), "-CAkey",
        path(authority, "key"),
        "-CAcreateserial", "-days", "2", "-out", path(name, "pem"),
      ])
    }
  }

  func remove() {
    try? FileManager.default.removeItem(at: folder)
  }

  /// The options for a pod with one of the certificates.
  func options(_ name: String, authority: String = "fleet") -> [String] {
    ["--tls-cert", path(name, "pem"), "--tls-key", path(name, "key"), "--tls-ca", path(authority, "pem")]
  }

  private func path(_ name: String, _ ending: String) -> String {
    folder.appendingPathComponent("\(name).\(ending)").path
  }

  private static func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ToolError("openssl \(arguments) failed") }
  }
}
