import Foundation
import Testing

@testable import PodShareTool

@Suite("Pods that are killed and stopped", .serialized, .timeLimit(.minutes(5)))
struct ProcessChaosTests {
  // Sync intervals are 200 ms here: two of them, and what a loaded machine needs to start processes.
  private static let patience = Duration.milliseconds(400 + 1_000)

  @Test(
    "kill -9 under load, and a restart under the same name, ten times: all equal afterwards, nothing written is lost"
  )
  func killed() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      let c = try await tool.pod("c", peers: [a.address, b.address])
      var fleet = ChaosFleet([a, b, c])
      _ = try await fleet.timeUntilEqual(within: .seconds(5))
      for round in 0..<10 {
        try await fleet.write(10, on: [0, 1, 2])
        // What it had written is with the others when they say so; what a pod that crashes had not sent is lost.
        let before = try await fleet[2].ask("dump")
        try await a.waitFor(before, asking: "dump")
        fleet[2].kill()
        try await fleet.write(10, on: [0, 1])
        fleet[2] = try await tool.pod("c", peers: [a.address, b.address])
        #expect(try await fleet[2].ask("get shared") == (try await a.ask("get shared")), "round \(round)")
        try await fleet.write(3, on: [2])
        _ = try await fleet.timeUntilEqual(within: Self.patience)
        #expect(try await a.ask("dump").contains("pod2:"))
      }
    }
  }

  @Test(
    "A pod that is stopped is taken for gone within seconds; when it goes on it is linked again, and all are equal"
  )
  func stopped() async throws {
    try await Tool.run { tool in
      let a = try await tool.pod("a")
      let b = try await tool.pod("b", peers: [a.address])
      let c = try await tool.pod("c", peers: [a.address, b.address])
      var fleet = ChaosFleet([a, b, c])
      for _ in 0..<3 {
        try await fleet.write(10, on: [0, 1, 2])
        fleet[2].suspend()
        try await fleet.write(20, on: [0, 1])
        try await a.waitFor("1", asking: "members") { answer in
          "\(answer.components(separatedBy: #""node""#).count - 1)"
        }
        try await Task.sleep(for: .seconds(4))
        fleet[2].resume()
        _ = try await fleet.timeUntilEqual(within: .seconds(1) + Self.patience)
        try await a.waitFor("2", asking: "members") { answer in
          "\(answer.components(separatedBy: #""node""#).count - 1)"
        }
      }
    }
  }
}
