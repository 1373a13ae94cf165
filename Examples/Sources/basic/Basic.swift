import PodShare
import Story

/// Three pods in one process share the settings of a fleet's rate limiters.
///
/// What each step promises is checked: the program ends with exit code 1 if it does not hold.
@main
enum Basic {
  struct Limit: Codable, Equatable, Sendable {
    var requestsPerSecond: Int
    var burst = 10
  }

  static func main() async {
    await tell(run)
  }

  static func run() async throws {
    // Each pod has its own connection to the network, and its own copy of everything. In production the network is a
    // broker's, and each pod is a process of its own; the code is the same.
    let network = MemoryNetwork()
    let berlin = try await join(as: "berlin", on: network)
    let oslo = try await join(as: "oslo", on: network)
    try berlin.set("api", to: Limit(requestsPerSecond: 100))

    // A pod that comes later takes over what the others hold before `join` returns.
    let lima = try await join(as: "lima", on: network)
    step("A pod that joins late has everything")
    try expect(lima["api"] == Limit(requestsPerSecond: 100), "lima reads \(describe(lima["api"]))")

    step("A write on one pod is seen on the others")
    let apiOnOslo = oslo.watch(.key("api"))
    try berlin.set("api", to: Limit(requestsPerSecond: 250))
    try expect(berlin["api"]?.requestsPerSecond == 250, "berlin reads its own write at once")
    let change = try await next(in: apiOnOslo)
    try expect(change.origin == "berlin", "oslo hears of it from \(change.origin)")
    try expect(oslo["api"]?.requestsPerSecond == 250, "oslo reads \(describe(oslo["api"]))")

    step("A watch tells what is there, then what changes, with no gap in between")
    let limits = lima.watch(.all, from: .present)
    let present = try await next(in: limits)
    try expect(present.change.value?.requestsPerSecond == 250, "first what is there already")
    try oslo.set("search", to: Limit(requestsPerSecond: 20))
    let added = try await next(in: limits)
    try expect(added.key == "search", "then what \(added.origin) has just added")

    step("A batch becomes visible as a whole")
    let batch = lima.watch(.prefix("mail"))
    try berlin.write { batch in
      batch.set("mail.in", to: Limit(requestsPerSecond: 5))
      batch.set("mail.out", to: Limit(requestsPerSecond: 2, burst: 1))
      batch.delete("search")
    }
    _ = try await next(in: batch)
    let keys = Set(lima.snapshot().map(\.key))
    try expect(keys == ["api", "mail.in", "mail.out"], "lima holds \(keys.sorted().joined(separator: ", "))")

    step("An update is refused when the entry is no longer what it was")
    let seen = oslo.version(of: "api")
    try oslo.set("api", to: Limit(requestsPerSecond: 300))
    let late = try oslo.trySet("api", to: Limit(requestsPerSecond: 1), ifVersion: seen)
    try expect(late == nil, "the update that was based on the old version did nothing")
    let current = oslo.version(of: "api")
    let inTime = try oslo.trySet("api", to: Limit(requestsPerSecond: 400), ifVersion: current)
    try expect(inTime != nil, "the one based on the present version went through")
    try await wait(for: "api", in: berlin) { $0?.requestsPerSecond == 400 }
    try expect(berlin["api"]?.requestsPerSecond == 400, "and reached berlin")

    step("A deleted key is gone everywhere")
    let mailOnBerlin = berlin.watch(.key("mail.in"))
    try lima.delete("mail.in")
    let deletion = try await next(in: mailOnBerlin)
    try expect(deletion.change == .delete, "berlin hears of the delete from \(deletion.origin)")
    try expect(berlin["mail.in"] == nil, "and has the key no more")

    step("After close, a store answers reads and refuses writes")
    for store in [berlin, oslo, lima] { try await store.close() }
    try expect(berlin["api"]?.requestsPerSecond == 400, "berlin reads \(describe(berlin["api"]))")
    try expect(refusesWrites(berlin), "and throws for a write")
  }

  static func join(as name: String, on network: MemoryNetwork) async throws -> Store<Limit> {
    var configuration = StoreConfiguration<Limit>()
    configuration.nodeID = name
    // How long the first pod waits for others. The default suits a real network.
    configuration.joinTimeout = .milliseconds(100)
    return try await Store.join("limits", over: MemoryTransport(on: network), configuration: configuration)
  }

  static func describe(_ limit: Limit?) -> String {
    limit.map { "\($0.requestsPerSecond) requests a second" } ?? "nothing"
  }

  static func refusesWrites(_ store: Store<Limit>) -> Bool {
    do {
      try store.set("api", to: Limit(requestsPerSecond: 1))
      return false
    } catch {
      return error.code == .closed
    }
  }
}
