import Foundation
import Testing

@testable import PodShareTool

@Suite("At a terminal", .serialized, .timeLimit(.minutes(3)))
struct TerminalProcessTests {
  @Test("top takes the screen over, and gives it back", arguments: ["q", "\u{3}"])
  func top(key: String) async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let terminal = try PseudoTerminal(
        Tool.executable(), ["top", "--interval", "0.1", "--peers", a.address])
      try await terminal.wait(for: "\u{1b}[?1049h\u{1b}[?25l")
      try await terminal.wait(for: "podshare: topic default, 1 member")
      try await terminal.wait(for: "q quits")
      #expect(!terminal.echoes)
      #expect(try await a.ask("set k 1") == "ok")
      try await terminal.wait(for: "entries      1")
      if key == "q" { terminal.type(key) } else { terminal.interrupt() }
      #expect(try await terminal.exitStatus() == 0)
      #expect(terminal.screen.hasSuffix("\u{1b}[?25h\u{1b}[?1049l"))
      #expect(terminal.echoes)
    }
  }

  @Test("A pod shows a prompt and colours, and events do not stand in it")
  func pod() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let terminal = try PseudoTerminal(Tool.executable(), ["pod", "--node", "b", "--peers", a.address])
      try await terminal.wait(for: "\u{1b}[32mready b 127.0.0.1:")
      try await terminal.wait(for: "> ")
      #expect(try await a.ask("set k 1") == "ok")
      try await terminal.wait(for: "\r\u{1b}[K\u{1b}[36mevent set k 1 a\u{1b}[0m\r\n> ")
      terminal.type("get k\n")
      try await terminal.wait(for: "\r\u{1b}[Kvalue k 1\r\n> ")
      terminal.type("\u{4}")
      #expect(try await terminal.exitStatus() == 0)
    }
  }
}
