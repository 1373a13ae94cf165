import Foundation
import Testing

@testable import PodShareTool

@Suite("Pods whose network is cut", .serialized, .timeLimit(.minutes(5)))
struct NetworkCutTests {
  @Test(
    "Cables that are pulled under load, so that nobody is told: all equal within two sync intervals of being linked again"
  )
  func cuts() async throws {
    guard let hosts = Namespaces.ifPossible(3) else { return }
    defer { hosts.remove() }
    try await Tool.run { tool in
      let peers = (0..<3).map { "\(hosts.address($0)):9101" }.joined(separator: ",")
      var pods: [ToolProcess] = []
      for index in 0..<3 {
        let pod = try await tool.start(
          hosts.prefix(index) + [
            try Tool.executable().path, "pod", "--node", "pod\(index)", "--listen",
            "\(hosts.address(index)):9101",
            "--peers", peers, "--sync-interval", "200",
          ], of: try #require(Namespaces.ip))
        try await pod.waitUntilReady()
        pods.append(pod)
      }
      var fleet = ChaosFleet(pods)
      try await fleet.write(5, on: [0, 1, 2])
      _ = try await fleet.timeUntilEqual(within: .seconds(10))
      // Short enough that the connections live on, and so long that they do not; one pod alone, and all from each other.
      for (cut, pause) in [([2], 0.5), ([0], 5), ([1, 2], 5), ([0, 1, 2], 8)] {
        for index in cut { try hosts.cut(index) }
        try await fleet.write(10, on: [0, 1, 2])
        try await Task.sleep(for: .seconds(pause))
        try await fleet.write(10, on: [0, 1, 2])
        for index in cut { try hosts.mend(index) }
        // To dial again takes a second at most and to be answered another; then two sync intervals of 200 ms.
        let time = try await fleet.timeUntilEqual(within: .milliseconds(2_000 + 400 + 600))
        print("cut off \(cut) for \(pause) s: equal \(time) after the network was back")
      }
    }
  }
}
