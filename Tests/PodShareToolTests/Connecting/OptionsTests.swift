import ArgumentParser
import PodShareP2P
import Testing

@testable import PodShareTool

@Suite("Options", .timeLimit(.minutes(1)))
struct OptionsTests {
  @Test("Peers come with commas between them, in several options, or both")
  func peers() throws {
    let command = try PodCommand.parse(["--peers", "a:1,b:2", "--peers", "[::1]:3, c:4"])
    #expect(command.network.addresses == ["a:1", "b:2", "[::1]:3", "c:4"])
    #expect(command.listen == "127.0.0.1:0")
  }

  @Test(
    "What makes no sense is refused",
    arguments: [
      ["--peers", "a"], ["--peers", "a:0"], ["--listen", "x"], ["--wire", "v3"], ["--sync-interval", "0"],
      ["--tls-cert", "c", "--tls-key", "k"], ["--tls-ca", "a"], ["--tls-cert", "c", "--tls-ca", "a"],
      ["--tls-ca", "a", "--tls-server-only"], ["--tls-server-only"],
    ])
  func refused(arguments: [String]) {
    #expect(throws: (any Error).self) { try PodCommand.parse(arguments) }
  }

  @Test("A pod that only dials needs no certificate where only the dialled one shows its own")
  func serverOnly() throws {
    let command = try GetCommand.parse(["k", "--peers", "a:1", "--tls-ca", "a", "--tls-server-only"])
    let tls = try #require(command.fleet.network.tls.configuration)
    #expect(!tls.requiresPeerCertificate)
    #expect(tls.certificateFile == nil)
  }

  @Test("Peers are taken from the environment unless they are named")
  func environment() throws {
    let environment = ["PODSHARE_PEERS": "x:1,y:2"]
    let unnamed = try PodCommand.parse([]).network
    #expect(try FleetOptions.addresses(unnamed, environment: environment) == ["x:1", "y:2"])
    #expect(try FleetOptions.addresses(unnamed, environment: [:]).isEmpty)
    let named = try PodCommand.parse(["--peers", "a:1"]).network
    #expect(try FleetOptions.addresses(named, environment: environment) == ["a:1"])
  }

  @Test("A value must be JSON")
  func value() throws {
    _ = try SetCommand.parse(["k", "{}", "--peers", "a:1"])
    #expect(throws: (any Error).self) { try SetCommand.parse(["k", "hello", "--peers", "a:1"]) }
  }
}
