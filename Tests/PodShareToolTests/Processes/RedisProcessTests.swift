import Foundation
import TestSupport
import Testing

@testable import PodShareTool

@Suite(
  "The tool over Redis", .serialized, .timeLimit(.minutes(2)),
  .enabled(if: Program.find("redis-server") != nil, "NOT TESTED: redis-server is not installed"))
struct RedisProcessTests {
  /// A server that keeps nothing on disk, and its URL.
  private static func server(_ tool: Tool, _ options: String...) async throws -> (ToolProcess, String) {
    let port = "\(Int.random(in: 20_000..<30_000))"
    let program = try #require(Program.find("redis-server"))
    let process = try await tool.start(
      ["--port", port, "--bind", "127.0.0.1", "--save", ""] + options, of: program)
    return (process, "redis://127.0.0.1:\(port)")
  }

  @Test("Pods meet at a server, and commands find them there; what is written outlives them")
  func fleet() async throws {
    try await Tool.run { tool in
      let (_, url) = try await Self.server(tool)
      let a = try await tool.pod("a", "--redis", url)
      #expect(a.address == url.replacing("redis://", with: ""))
      let b = try await tool.pod("b", "--redis", url)
      #expect(try await a.ask("set k 1") == "ok")
      #expect(try await b.event() == "event set k 1 a")
      #expect(try await tool.output("get", "k", "--redis", url) == succeeded("1"))
      #expect(try await tool.output("set", "l", "2", "--redis", url) == succeeded("ok"))
      #expect(try await a.ask("get l") == "value l 2")
      let members = try await tool.output("members", "--redis", url)
      #expect(members.output.map { String($0.split(separator: " ").first ?? "") } == ["NODE", "a", "b"])
      for pod in [a, b] { #expect(try await pod.ask("quit") == "ok") }
      #expect(try await tool.output("dump", "--json", "--redis", url) == succeeded(#"{"k":1,"l":2}"#))
      #expect(try await tool.output("delete", "k", "--redis", url) == succeeded("ok"))
      #expect(try await tool.output("dump", "--redis", url) == succeeded("l 2"))
      #expect(try await tool.output("set", "first", "1", "--topic", "new", "--redis", url) == succeeded("ok"))
      let other = try await tool.output("dump", "--topic", "typo", "--redis", url)
      #expect(other.status == 6)
      #expect(other.errors.first?.contains("nothing is kept for topic \"typo\"") == true, "\(other)")
    }
  }

  @Test("The server goes away and comes back: the pods go on, and are equal afterwards")
  func serverIsKilled() async throws {
    try await Tool.run { tool in
      let (server, url) = try await Self.server(tool)
      let a = try await tool.pod("a", "--redis", url)
      let b = try await tool.pod("b", "--redis", url)
      server.kill()
      #expect(try await a.ask("set k 1") == "ok")
      #expect(try await a.ask("get k") == "value k 1")
      let port = url.split(separator: ":").last.map(String.init) ?? ""
      let program = try #require(Program.find("redis-server"))
      _ = try await tool.start(["--port", port, "--bind", "127.0.0.1", "--save", ""], of: program)
      #expect(try await b.event() == "event set k 1 a")
      #expect(try await tool.output("get", "k", "--redis", url) == succeeded("1"))
    }
  }

  @Test("What cannot be done is said in words, with the status that a script goes by")
  func failures() async throws {
    try await Tool.run { tool in
      let nobody = try await tool.output("get", "k", "--redis", "redis://127.0.0.1:1", "--timeout", "0.5")
      #expect(nobody.status == 3)
      #expect(nobody.errors.first?.contains("127.0.0.1:1") == true, "\(nobody)")
      let (_, url) = try await Self.server(tool, "--requirepass", "secret")
      let stranger = try await tool.output("get", "k", "--redis", url)
      #expect(stranger.status == 4)
      #expect(stranger.errors.first?.contains("it wants a password") == true, "\(stranger)")
      let friend = url.replacing("redis://", with: "redis://:secret@")
      #expect(try await tool.output("set", "k", "1", "--redis", friend) == succeeded("ok"))
      for arguments in [
        ["get", "k", "--redis", "http://x"], ["get", "k", "--redis", url, "--peers", "127.0.0.1:1"],
        ["get", "k"],
      ] {
        #expect(try await tool.output(arguments).status == 64)
      }
    }
  }
}
