import Foundation
import PodShareP2P
import Testing

@Suite("Peers in an environment variable", .timeLimit(.minutes(1)))
struct EnvironmentPeersTests {
  /// Each test has a variable of its own, since all run in one process.
  private func peers(_ value: String?, named name: String = #function, defaultPort: Int? = nil)
    -> EnvironmentPeers
  {
    let variable = "PODSHARE_TEST_" + name.prefix { $0 != "(" }.uppercased()
    if let value { setenv(variable, value, 1) } else { unsetenv(variable) }
    return EnvironmentPeers(variable: variable, defaultPort: defaultPort)
  }

  @Test("are separated by commas; spaces and commas too many do not matter")
  func list() throws {
    let found = try peers(" 10.0.0.1:9101,, pods.local:9102 ,[fd00::1]:9103,").peers()
    #expect(found == ["10.0.0.1:9101", "pods.local:9102", "[fd00::1]:9103"])
  }

  @Test("may go without a port if there is one to take instead")
  func defaultPort() throws {
    let found = try peers("10.0.0.1,[fd00::1],pods.local:9102", defaultPort: 9101).peers()
    #expect(found == ["10.0.0.1:9101", "[fd00::1]:9101", "pods.local:9102"])
  }

  @Test("are none if the variable is empty or not set", arguments: [nil, "", " , "])
  func none(value: String?) throws {
    #expect(try peers(value, named: "none_\(value?.utf8.count ?? -1)").peers() == [])
  }

  @Test(
    "are refused, in words that name the variable and what is wrong with it",
    arguments: ["10.0.0.1", "fd00::1:9101", "pods.local:0", "pods.local:65536", ":9101", "one two:9101"])
  func bad(address: String) async throws {
    let environment = peers("10.0.0.2:9101, \(address)", named: "bad_\(abs(address.hashValue))")
    let error = #expect(throws: P2PError.self) { try environment.peers() }
    #expect(error?.code == .discoveryFailed)
    #expect(error?.message.contains("PODSHARE_TEST_BAD") == true)
    #expect(error?.message.contains(address.debugDescription) == true, "\(String(describing: error))")
    await #expect(throws: P2PError.self) { try await environment.run { _ in } }
  }

  @Test("are told once, and the run goes on until it is cancelled")
  func run() async throws {
    let environment = peers("10.0.0.1:9101")
    let log = DiscoveryLog()
    let running = Task { try await environment.run(log.peers) }
    await eventually("the peers are told") { log.found == [["10.0.0.1:9101"]] }
    running.cancel()
    try await running.value
    #expect(log.found.count == 1)
  }
}
