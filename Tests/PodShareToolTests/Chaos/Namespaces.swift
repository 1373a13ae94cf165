import Foundation

@testable import PodShareTool

/// Hosts of a test's own on one machine: network namespaces, joined by a bridge, whose cables can be pulled.
struct Namespaces {
  private let id: String
  private let count: Int

  /// Says why, if there can be none here.
  static func ifPossible(_ count: Int) -> Namespaces? {
    guard getuid() == 0 else { return skip("network namespaces need root") }
    guard ip != nil else { return skip("there is no program `ip`") }
    do {
      return try Namespaces(count)
    } catch {
      return skip("\(error)")
    }
  }

  private static func skip(_ reason: String) -> Namespaces? {
    print("SKIPPED: network cuts between hosts were not tried: \(reason)")
    return nil
  }

  private init(_ count: Int) throws {
    // Names of interfaces have at most 15 bytes.
    id = String(UInt32.random(in: 0..<1_679_616) + 1_679_616, radix: 36)
    self.count = count
    do {
      try command("netns", "add", bridgeHost)
      try command("-n", bridgeHost, "link", "add", "br0", "type", "bridge")
      try command("-n", bridgeHost, "link", "set", "br0", "up")
      for index in 0..<count {
        let host = host(index)
        try command("netns", "add", host)
        try command("-n", host, "link", "set", "lo", "up")
        try command(
          "link", "add", "veth0", "netns", host, "type", "veth", "peer", "name", "port\(index)", "netns",
          bridgeHost)
        try command("-n", bridgeHost, "link", "set", "port\(index)", "master", "br0", "up")
        try command("-n", host, "address", "add", "\(address(index))/24", "dev", "veth0")
        try command("-n", host, "link", "set", "veth0", "up")
      }
    } catch {
      remove()
      throw error
    }
  }

  func remove() {
    for index in 0..<count { _ = Self.run(["netns", "del", host(index)]) }
    _ = Self.run(["netns", "del", bridgeHost])
  }

  func address(_ index: Int) -> String { "10.77.0.\(index + 1)" }

  /// How to run something on a host.
  func prefix(_ index: Int) -> [String] { ["netns", "exec", host(index)] }

  /// Pulls a host's cable: its connections stay open, and nothing gets through.
  func cut(_ index: Int) throws { try command("-n", bridgeHost, "link", "set", "port\(index)", "nomaster") }

  func mend(_ index: Int) throws {
    try command("-n", bridgeHost, "link", "set", "port\(index)", "master", "br0")
  }

  static var ip: URL? {
    ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"].map { URL(fileURLWithPath: $0) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  private var bridgeHost: String { "ps-\(id)-net" }
  private func host(_ index: Int) -> String { "ps-\(id)-\(index)" }

  private func command(_ arguments: String...) throws {
    guard Self.run(arguments) else { throw ToolError("ip \(arguments.joined(separator: " ")) failed") }
  }

  private static func run(_ arguments: [String]) -> Bool {
    guard let ip else { return false }
    let process = Process()
    process.executableURL = ip
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
