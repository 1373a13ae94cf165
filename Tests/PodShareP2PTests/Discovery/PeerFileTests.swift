import Foundation
import PodShare
import PodShareP2P
import PodShareTestKit
import Testing

@Suite("Peers in a file", .timeLimit(.minutes(1)))
struct PeerFileTests {
  private struct Fixture {
    let clock = TestClock()
    let log = DiscoveryLog()
    let file = TemporaryFile()
    let discoverer: PeerFile

    init(_ text: String?, defaultPort: Int? = nil) throws {
      if let text { try file.write(text) }
      discoverer = PeerFile(
        file.path, defaultPort: defaultPort, onError: log.error, time: clock.time)
    }

    /// Runs the discoverer while `body` runs, from the moment at which the first reading is over.
    func run(_ body: () async throws -> Void) async throws {
      let (discoverer, log) = (discoverer, log)
      let running = Task { await discoverer.run(log.peers) }
      try await clock.waitForSleepers(1)
      try await body()
      running.cancel()
      await running.value
      file.remove()
    }

    func nextReading() async throws {
      clock.advance(by: .seconds(3))
      try await clock.waitForSleepers(1)
    }
  }

  @Test("stand one a line; blank lines, comments, spaces and the kind of line ends do not matter")
  func format() async throws {
    let text = "# rack one\r\n10.0.0.1:9101\r\n\n  pods.local:9102  # by name\n\t[fd00::1]:9103\n#10.0.0.9:1"
    let fixture = try Fixture(text)
    try await fixture.run {}
    #expect(fixture.log.found == [["10.0.0.1:9101", "pods.local:9102", "[fd00::1]:9103"]])
    #expect(fixture.log.errors.isEmpty)
  }

  @Test("may go without a port if there is one to take instead")
  func defaultPort() async throws {
    let fixture = try Fixture("10.0.0.1\n[fd00::1]\npods.local:9102\n", defaultPort: 9101)
    try await fixture.run {}
    #expect(fixture.log.found == [["10.0.0.1:9101", "[fd00::1]:9101", "pods.local:9102"]])
  }

  @Test("that change count once two readings have found the same")
  func changes() async throws {
    let fixture = try Fixture("10.0.0.1:9101\n")
    try await fixture.run {
      // Half written: this, too, is an address, though not the one that is meant.
      try fixture.file.write("10.0.0.1:9101\n10.0.0.2:91")
      try await fixture.nextReading()
      try fixture.file.write("10.0.0.1:9101\n10.0.0.2:9101\n")
      try await fixture.nextReading()
      #expect(fixture.log.found.allSatisfy { $0 == ["10.0.0.1:9101"] })
      try await fixture.nextReading()
      #expect(fixture.log.found.last == ["10.0.0.1:9101", "10.0.0.2:9101"])
      #expect(fixture.log.found.count == 4)
    }
  }

  @Test("remain while the file is missing, and that is reported once")
  func missing() async throws {
    let fixture = try Fixture("10.0.0.1:9101\n")
    try await fixture.run {
      fixture.file.remove()
      for _ in 0..<3 { try await fixture.nextReading() }
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
      #expect(fixture.log.errors.map(\.code) == [.discoveryFailed])
      #expect(fixture.log.errors.first?.message.contains("\(fixture.file.path) cannot be opened") == true)
    }
  }

  @Test(
    "remain while a line is no address, and its number is reported",
    arguments: ["10.0.0.2", "fd00::1:9101", "10.0.0.2:0", "10.0.0.2:9101 10.0.0.3:9101"])
  func badLine(line: String) async throws {
    let fixture = try Fixture("10.0.0.1:9101\n")
    try await fixture.run {
      try fixture.file.write("# one\n10.0.0.1:9101\n\(line)\n")
      for _ in 0..<3 { try await fixture.nextReading() }
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
      #expect(fixture.log.errors.count == 1)
      #expect(fixture.log.errors.first?.message.contains("line 3: \(line.debugDescription)") == true)
    }
  }

  @Test("remain while the file holds none, and that is reported", arguments: ["", "\n \n", "# nobody\n"])
  func empty(text: String) async throws {
    let fixture = try Fixture("10.0.0.1:9101\n")
    try await fixture.run {
      try fixture.file.write(text)
      for _ in 0..<3 { try await fixture.nextReading() }
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
      #expect(fixture.log.errors == [P2PError(.discoveryFailed, "\(fixture.file.path) holds no address")])
    }
  }

  @Test("are not taken from a file that is too long, no text, or a folder")
  func unreadable() async throws {
    let file = TemporaryFile()
    defer { file.remove() }
    try file.write(String(repeating: "#", count: 1_024 * 1_024 + 1))
    await #expect(throws: P2PError(.discoveryFailed, "\(file.path) is longer than 1048576 bytes")) {
      try await PeerFile(file.path).peers()
    }
    try Data([0x31, 0xff, 0xfe]).write(to: file.url)
    await #expect(throws: P2PError(.discoveryFailed, "\(file.path) is not UTF-8")) {
      try await PeerFile(file.path).peers()
    }
    await #expect(throws: P2PError.self) { try await PeerFile("/").peers() }
  }

  @Test("are found once the file is there")
  func appears() async throws {
    let fixture = try Fixture(nil)
    try await fixture.run {
      #expect(fixture.log.found.isEmpty)
      try fixture.file.write("10.0.0.1:9101\n")
      try await fixture.nextReading()
      #expect(fixture.log.found == [["10.0.0.1:9101"]])
    }
  }
}
