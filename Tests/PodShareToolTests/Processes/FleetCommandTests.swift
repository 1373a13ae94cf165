import Foundation
import Testing

@testable import PodShareTool

@Suite("Commands for a fleet that is running", .serialized, .timeLimit(.minutes(3)))
struct FleetCommandTests {
  @Test("get, set, delete and dump")
  func readingAndWriting() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let peers = ["PODSHARE_PEERS": a.address]
      #expect(try await tool.output("set", "k", #"{"n": 1}"#, environment: peers) == succeeded("ok"))
      // It is there as soon as the command has ended.
      #expect(try await a.ask("get k") == #"value k {"n":1}"#)
      #expect(try await tool.output("get", "k", environment: peers) == succeeded(#"{"n":1}"#))
      #expect(try await tool.output("set", "two words", "null", "--peers", a.address) == succeeded("ok"))
      #expect(
        try await tool.output("dump", environment: peers) == succeeded(#"k {"n":1}"#, #""two words" null"#))
      #expect(
        try await tool.output("dump", "--json", environment: peers)
          == succeeded(#"{"k":{"n":1},"two words":null}"#))
      #expect(try await tool.output("delete", "k", environment: peers) == succeeded("ok"))
      #expect(try await a.ask("get k") == "missing k")
      let missing = try await tool.output("get", "k", environment: peers)
      #expect(
        missing == Outcome(status: 1, output: [], errors: [#"podshare: there is no key "k""#]))
    }
  }

  @Test("As JSON")
  func json() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let peers = ["PODSHARE_PEERS": a.address]
      let set = try await tool.output("set", "k", "1", "--json", "--node", "me", environment: peers)
      #expect(set.output.first?.hasPrefix(#"{"key":"k","version":{"timestamp":""#) == true)
      #expect(set.output.first?.hasSuffix(#","origin":"me"}}"#) == true)
      let get = try await tool.output("get", "k", "--json", environment: peers)
      #expect(get.output.first?.hasPrefix(#"{"key":"k","value":1,"version":{"timestamp":""#) == true)
      let delete = try await tool.output("delete", "k", "--json", environment: peers)
      #expect(delete.output.first?.hasPrefix(#"{"key":"k","wasThere":true,"version":"#) == true)
      let members = try await tool.output("members", "--json", environment: peers)
      let member = try #require(members.output.first)
      #expect(member.hasPrefix(#"[{"node":"a","incarnation":""#))
      #expect(member.hasSuffix(#""address":"\#(a.address)"}]"#))
    }
  }

  @Test("members lists those that are named as peers")
  func members() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      let outcome = try await tool.output("members", "--peers", "\(a.address),\(b.address)")
      #expect(outcome.status == 0)
      let words = outcome.output.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
      #expect(words == ["NODE ADDRESS CAUGHT", "a \(a.address) yes", "b \(b.address) yes"])
    }
  }

  @Test("watch tells of changes until it has told enough")
  func watch() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set user:1 1") == "ok")
      let watch = try await tool.start(
        "watch", "--present", "--prefix", "user:", "--count", "3", "--peers", a.address)
      #expect(try await watch.event() == "event set user:1 1 a")
      #expect(try await a.ask("set other 1") == "ok")
      #expect(try await a.ask("set user:2 2") == "ok")
      #expect(try await watch.event() == "event set user:2 2 a")
      #expect(try await a.ask("del user:1") == "ok")
      #expect(try await watch.event() == "event delete user:1 null a")
      #expect(try await watch.outcome().status == 0)
    }
  }

  @Test("watch ends cleanly at SIGTERM")
  func watchTerminated() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set k 1") == "ok")
      let watch = try await tool.start("watch", "--present", "--json", "--peers", a.address)
      let line = try await watch.line { $0.contains(#""key":"k""#) }
      #expect(line.hasPrefix(#"{"change":"set","key":"k","value":1,"origin":"a","timestamp":""#))
      watch.terminate()
      #expect(try await watch.outcome().status == 0)
    }
  }

  @Test("top prints snapshots where there is no terminal")
  func top() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set k 1") == "ok")
      let outcome = try await tool.output("top", "--count", "2", "--interval", "0.1", "--peers", a.address)
      #expect(outcome.status == 0)
      #expect(outcome.output.count { $0 == "podshare: topic default, 1 member" } == 2)
      #expect(outcome.output.count { $0.hasPrefix("entries      1") } == 2)
      #expect(outcome.output.count { $0.hasPrefix("a     \(a.address)  yes") } == 2)
    }
  }

  @Test("Another cluster's pods refuse")
  func otherCluster() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a", peers: [], "--cluster", "red")
      let outcome = try await tool.output("dump", "--cluster", "blue", "--peers", a.address)
      #expect(outcome.status == ExitStatus.refused.rawValue)
      #expect(outcome.output == [])
      #expect(outcome.errors.first?.hasPrefix("podshare: the peers refuse this pod: ") == true)
      #expect(try await tool.output("dump", "--cluster", "red", "--peers", a.address).status == 0)
    }
  }

  @Test("Nobody can be reached")
  func nobody() async throws {
    try await Tool.run { tool in
      // Was free a moment ago.
      let gone = try await tool.pod("gone")
      let address = gone.address
      #expect(try await gone.ask("quit") == "ok")
      _ = try await gone.outcome()
      let outcome = try await tool.output("get", "k", "--timeout", "0.5", "--peers", address)
      #expect(outcome.status == ExitStatus.unreachable.rawValue)
      #expect(outcome.errors.first?.hasPrefix("podshare: no peer could be reached within 0.5 s: ") == true)
      #expect(outcome.errors.first?.contains(address) == true)
    }
  }

  @Test("Nobody holds the topic")
  func otherTopic() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a", peers: [], "--topic", "limits")
      let outcome = try await tool.output(
        "get", "k", "--timeout", "2", "--topic", "limit", "--peers", a.address)
      #expect(outcome.status == ExitStatus.notCaughtUp.rawValue)
      #expect(outcome.errors.first?.contains(#"nobody there answered within 2 s for topic "limit""#) == true)
    }
  }

  @Test(
    "A command line that makes no sense has a status of its own",
    arguments: [["get", "k"], ["get"], ["set", "k", "hello"], ["frob"], ["get", "k", "--peers", "x"]])
  func usage(arguments: [String]) async throws {
    try await Tool.run { tool in
      let outcome = try await tool.output(arguments)
      #expect(outcome.status == 64)
      #expect(outcome.output == [])
      #expect(!outcome.errors.isEmpty)
    }
  }

  @Test("A value that begins with a dash is a value")
  func negativeValue() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let peers = ["PODSHARE_PEERS": a.address]
      #expect(try await tool.output("set", "k", "-5", environment: peers) == succeeded("ok"))
      #expect(try await a.ask("get k") == "value k -5")
      let json = try await tool.output("set", "--json", "k", "-1.5e3", environment: peers)
      #expect(json.status == 0, "\(json)")
      #expect(try await a.ask("get k") == "value k -1.5e3")
      let options = try await tool.output("set", "k", "-7", "--peers", a.address, "--json")
      #expect(options.status == 0, "\(options)")
      #expect(try await tool.output("set", "k", "--frob", environment: peers).status == 64)
    }
  }

  @Test(
    "What cannot be written to standard output is told, by the status too", .enabled(if: Tool.hasFullDevice),
    arguments: [
      ["dump", "--json"], ["dump"], ["get", "k"], ["watch", "--present", "--count", "1"], ["members"],
      ["top", "--count", "1", "--interval", "0.1"], ["set", "k", "1"],
    ])
  func outputFails(arguments: [String]) async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set k 1") == "ok")
      for (redirection, reason) in [(">/dev/full", ENOSPC), (">&-", EBADF)] {
        let outcome = try await tool.output(throughShell: redirection, arguments + ["--peers", a.address])
        #expect(outcome.status == ExitStatus.failed.rawValue, "\(redirection): \(outcome)")
        let error = "podshare: standard output cannot be written: \(String(cString: strerror(reason)))"
        #expect(outcome.errors.last == error, "\(outcome)")
      }
    }
  }

  @Test("A reader that has enough is no failure")
  func reader() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set k 1") == "ok")
      let outcome = try await tool.output(
        throughShell: "| true; exit ${PIPESTATUS[0]}", ["dump", "--peers", a.address])
      #expect(outcome == Outcome(status: 0, output: [], errors: []))
    }
  }

  @Test("--timeout is kept, also with wire version 1, and what never said a byte is not called a pod")
  func silentPeer() async throws {
    let silent = try SilentServer()
    try await Tool.run { tool in
      for wire in ["v2", "v1"] {
        let start = ContinuousClock.now
        let outcome = try await tool.output(
          "dump", "--wire", wire, "--timeout", "2.5", "--peers", "127.0.0.1:\(silent.port)")
        let time = ContinuousClock.now - start
        #expect(outcome.status == ExitStatus.unreachable.rawValue, "\(outcome)")
        #expect(!outcome.errors.joined().contains("linked with"), "\(outcome)")
        #expect(time < .milliseconds(3_500), "\(time)")
      }
    }
  }
}
