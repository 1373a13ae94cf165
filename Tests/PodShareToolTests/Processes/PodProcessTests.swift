import Foundation
import Testing

@testable import PodShareTool

@Suite("Pods as processes", .serialized, .timeLimit(.minutes(3)))
struct PodProcessTests {
  @Test("Two pods see each other's writes, and are told of them and of their own")
  func twoPods() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      #expect(try await a.ask(#"set greeting {"text": "hello"}"#) == "ok")
      #expect(try await a.event() == #"event set greeting {"text":"hello"} a"#)
      #expect(try await b.event() == #"event set greeting {"text":"hello"} a"#)
      #expect(try await b.ask("get greeting") == #"value greeting {"text":"hello"}"#)

      #expect(try await b.ask("del greeting") == "ok")
      #expect(try await a.event() == "event delete greeting null b")
      #expect(try await a.ask("get greeting") == "missing greeting")

      #expect(try await b.ask(#"setmany {"b":2,"a":1.50,"two words":[]}"#) == "ok")
      try await a.waitFor(#"{"a":1.50,"b":2,"two words":[]}"#, asking: "dump")
      #expect(try await a.ask("keys") == #"["a","b","two words"]"#)
      #expect(try await a.ask(#"get "two words""#) == #"value "two words" []"#)
      #expect(try await a.ask("version b").hasSuffix(" b"))
      #expect(try await a.ask("version c") == "missing c")
      #expect(try await a.ask("members").hasPrefix(#"[{"node":"b","#))
      #expect(try await a.ask("stats").contains(#""keys":3"#))
      #expect(try await a.ask("refresh") == "ok")
    }
  }

  @Test("A pod that joins late has what the others have when it is ready")
  func late() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      #expect(try await a.ask(#"setmany {"x":1,"y":2}"#) == "ok")
      try await b.waitFor(#"{"x":1,"y":2}"#, asking: "dump")
      let c = try await tool.pod("c", peers: ["\(a.address),\(b.address)"])
      #expect(try await c.ask("dump") == #"{"x":1,"y":2}"#)
      #expect(try await c.ask("set z 3") == "ok")
      try await a.waitFor("value z 3", asking: "get z")
      try await b.waitFor("value z 3", asking: "get z")
    }
  }

  @Test("What cannot be done is answered by an error, and the pod goes on")
  func errors() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("frob") == "error unknown command frob; help lists them")
      #expect(try await a.ask("set a {") == "error not JSON: a member's name is missing at byte 1")
      #expect(try await a.ask("get") == "error usage: get KEY")
      let longKey = String(repeating: "k", count: 70_000)
      #expect(try await a.ask("set \(longKey) 1").hasPrefix("error invalidKey: "))
      #expect(try await a.ask("\n# nothing\nset a 1") == "ok")
      #expect(try await a.ask("get a") == "value a 1")
    }
  }

  @Test("The end of the input ends the pod cleanly, with all that was asked for done and told")
  func endOfInput() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.start("pod", "--node", "b", "--peers", a.address)
      for number in 0..<100 { await b.send("set key\(number) \(number)") }
      await b.send("get key99")
      await b.endInput()
      let outcome = try await b.outcome()
      #expect(outcome.status == 0)
      #expect(outcome.output.first?.hasPrefix("ready b 127.0.0.1:") == true)
      #expect(outcome.output.count { $0 == "ok" } == 100)
      #expect(outcome.output.count { $0.hasPrefix("event set key") } == 100)
      #expect(outcome.output.contains("value key99 99"))
      #expect(outcome.errors == [])
      // It left only when another had everything.
      #expect(try await a.ask("get key99") == "value key99 99")
      try await a.waitFor("[]", asking: "members")
    }
  }

  @Test("quit is answered when the pod has left")
  func quit() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("sleep 1") == "ok")
      #expect(try await a.ask("quit") == "ok")
      #expect(try await a.outcome().status == 0)
    }
  }

  @Test("quit says if no other pod has what was written")
  func unconfirmed() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      try await b.waitFor("one", asking: "members") { $0 == "[]" ? "none" : "one" }
      a.suspend()
      #expect(try await b.ask("set k 1") == "ok")
      #expect(try await b.ask("quit").hasPrefix("error unconfirmed: "))
      #expect(try await b.outcome().status == ExitStatus.unconfirmed.rawValue)
    }
  }

  @Test("Writes that reach nobody are told at the end, by the status too", arguments: ["quit", "end"])
  func nobody(end: String) async throws {
    try await Tool.run { tool in
      let gone = try await tool.pod("gone")
      let address = gone.address
      #expect(try await gone.ask("quit") == "ok")
      _ = try await gone.outcome()
      let pod = try await tool.pod("b", peers: [address])
      #expect(try await pod.ask("set k 1") == "ok")
      if end == "quit" {
        let answer = try await pod.ask("quit")
        #expect(answer.hasPrefix("error no peer could be reached"), "\(answer)")
        #expect(try await pod.outcome().status == ExitStatus.unreachable.rawValue)
      } else {
        await pod.endInput()
        let outcome = try await pod.outcome()
        #expect(outcome.status == ExitStatus.unreachable.rawValue)
        #expect(outcome.errors.last?.contains("no peer could be reached") == true, "\(outcome)")
      }
    }
  }

  @Test("A peer that is stopped: the end of the input is told of what nobody has confirmed")
  func stoppedPeer() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      try await b.waitFor("one", asking: "members") { $0 == "[]" ? "none" : "one" }
      a.suspend()
      #expect(try await b.ask("set k 1") == "ok")
      #expect(try await b.ask("refresh").hasPrefix("error "), "nothing was compared")
      await b.endInput()
      let outcome = try await b.outcome()
      #expect(outcome.status == ExitStatus.unconfirmed.rawValue)
      #expect(outcome.errors.last?.hasPrefix("podshare: written") == true, "\(outcome)")
    }
  }

  @Test("A pod that nobody was to hear, or that has written nothing, ends well")
  func alone() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      #expect(try await a.ask("set k 1") == "ok")
      #expect(try await a.ask("refresh") == "ok")
      #expect(try await a.ask("quit") == "ok")
      #expect(try await a.outcome().status == 0)
      let b = try await tool.pod("b", peers: ["127.0.0.1:1"])
      #expect(try await b.ask("refresh").hasPrefix("error "))
      #expect(try await b.ask("quit") == "ok")
      #expect(try await b.outcome().status == 0)
    }
  }

  @Test("A pod whose output cannot be written says so, and does not go on", .enabled(if: Tool.hasFullDevice))
  func outputFails() async throws {
    try await Tool.run { tool in
      for (redirection, reason) in [(">/dev/full", ENOSPC), (">&-", EBADF)] {
        let outcome = try await tool.output(throughShell: redirection, ["pod"])
        #expect(outcome.status == ExitStatus.failed.rawValue, "\(outcome)")
        let error = "podshare: standard output cannot be written: \(String(cString: strerror(reason)))"
        #expect(outcome.errors.last == error, "\(outcome)")
      }
    }
  }

  @Test("SIGTERM ends the pod cleanly: the others have what it wrote")
  func terminated() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      #expect(try await b.ask("set last 1") == "ok")
      b.terminate()
      #expect(try await b.outcome().status == 0)
      #expect(try await a.ask("get last") == "value last 1")
    }
  }

  @Test("Pods that write wire version 1 agree, too")
  func wireVersion1() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a", peers: [], "--wire", "v1")
      let b = try await tool.pod("b", peers: [a.address], "--wire", "v1")
      #expect(try await a.ask(#"set k {"n": 1.0}"#) == "ok")
      #expect(try await b.event() == #"event set k {"n":1.0} a"#)
      #expect(try await b.ask("get k") == #"value k {"n":1.0}"#)
    }
  }

  @Test("A pod that cannot listen says so")
  func cannotListen() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let outcome = try await tool.output("pod", "--listen", a.address)
      #expect(outcome.status == ExitStatus.failed.rawValue)
      #expect(outcome.output == [])
      #expect(outcome.errors.first?.contains("\(a.address) cannot be listened on") == true)
    }
  }
}
