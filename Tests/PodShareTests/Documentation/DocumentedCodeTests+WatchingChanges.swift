import NIOConcurrencyHelpers
import PodShare
import Testing

// The code of "Watching changes".

// shown
/// The quotas of users, kept in step with a store.
actor Quotas {
  private(set) var byUser: [String: Int] = [:]

  /// Goes on until the store is closed or the task is cancelled.
  func follow(_ store: Store<Int>) async {
    while true {
      // Deletes that this actor was not told of are no events of the next watch either: begin anew.
      byUser = [:]
      do {
        for try await event in store.watch(.prefix("user:"), from: .present) {
          byUser[event.key] = event.change.value
        }
        return
      } catch {
        // It fell behind. What it has missed is in the present state.
      }
    }
  }
}
// end

extension Quotas {
  /// Runs something while nothing else runs on this actor.
  fileprivate func perform(_ body: @Sendable () throws -> Void) rethrows {
    try body()
  }
}

@Suite("The documentation's code: watching changes")
struct WatchingPageTests {
  @Test("Scopes")
  func scopes() async throws {
    let store = try Store<Int>("quotas", over: MemoryTransport())
    // shown
    let all = store.watch()
    let one = store.watch(.key("user:42"))
    let users = store.watch(.prefix("user:"))
    let short = store.watch(.matching { key in key.utf8.count < 5 })
    // end
    for key in ["user:42", "user:1", "disk", "memory"] { try store.set(key, to: 1) }
    try await store.close()
    #expect(try await keys(of: all) == ["user:42", "user:1", "disk", "memory"])
    #expect(try await keys(of: one) == ["user:42"])
    #expect(try await keys(of: users) == ["user:42", "user:1"])
    #expect(try await keys(of: short) == ["disk"])
  }

  @Test("From the present")
  func fromThePresent() async throws {
    let store = try Store<Int>("quotas", over: MemoryTransport())
    // shown
    try store.set("user:1", to: 10)
    let quotas = store.watch(.prefix("user:"), from: .present)
    try store.set("user:2", to: 20)
    try store.delete("user:1")

    for try await event in quotas {
      print(event.key, event.change)  // user:1 set(10), user:2 set(20), user:1 delete
      if event.change == .delete { break }
    }
    // end
    try await store.close()

    // On a closed store there is what there was, and no more.
    #expect(try await keys(of: store.watch(from: .present)) == ["user:2"])
    #expect(try await keys(of: store.watch()) == [])
  }

  @Test("Only the newest of each key")
  func newestPerKey() async throws {
    let store = try Store<Int>("quotas", over: MemoryTransport())
    let drawn = NIOLockedValueBox<[String]>([])
    @Sendable func redraw(_ key: String, _ value: Int?) async {
      drawn.withLockedValue { $0.append("\(key) \(value.map(String.init) ?? "gone")") }
    }
    for value in 1...3_000 { try store.set("user:1", to: value) }
    let drawing = Task {
      // shown
      for try await event in store.watch(.prefix("user:"), from: .present, buffering: .newestPerKey) {
        await redraw(event.key, event.change.value)
      }
      // end
    }
    await eventually("it has begun") { drawn.withLockedValue { !$0.isEmpty } }
    for value in 1...3_000 { try store.set("user:2", to: value) }
    try store.delete("user:2")
    try await store.close()
    try await drawing.value
    #expect(drawn.withLockedValue { $0.first == "user:1 3000" && $0.last == "user:2 gone" })
  }

  @Test("Whoever fell behind watches again from the present")
  func fellBehind() async throws {
    var configuration = StoreConfiguration<Int>()
    configuration.watchBuffer = 10
    let store = try Store("quotas", over: MemoryTransport(), configuration: configuration)
    try store.set("user:gone", to: 1)
    let quotas = Quotas()
    let following = Task { await quotas.follow(store) }
    await eventually("it has begun") { await quotas.byUser == ["user:gone": 1] }

    // The actor is busy with writing, so it cannot take its events meanwhile.
    try await quotas.perform {
      for number in 0..<20 { try store.set("user:\(number)", to: number) }
      try store.delete("user:gone")
    }
    let expected = Dictionary(uniqueKeysWithValues: (0..<20).map { ("user:\($0)", $0) })
    await eventually("it is in step again") { await quotas.byUser == expected }
    #expect(store.statistics.watchersDropped == 1)

    try await store.close()
    await following.value
  }

  @Test("The values of one key")
  func values() async throws {
    let store = try Store<Int>("quotas", over: MemoryTransport())
    let quotas = NIOLockedValueBox<[Int]>([])
    let following = Task {
      // shown
      for await quota in store.values(of: "default") {
        quotas.withLockedValue { $0.append(quota ?? 100) }
      }
      // end
    }
    await eventually("there is none") { quotas.withLockedValue { $0 == [100] } }
    try store.set("default", to: 50)
    await eventually("there is one") { quotas.withLockedValue { $0 == [100, 50] } }
    try await store.close()
    await following.value
  }

  @Test("Cancellation ends a watch with nil")
  func cancellation() async throws {
    let store = try Store<Int>("quotas", over: MemoryTransport())
    // shown
    let watching = Task {
      for try await event in store.watch(from: .present) {
        print(event.key, event.change)
      }
      return "ended"
    }
    watching.cancel()
    let outcome = try await watching.value  // "ended"
    // end
    #expect(outcome == "ended")
    await eventually("nobody watches") { store.statistics.watchers == 0 }
  }

  @Test("When the first event of a batch comes, reads see all of it")
  func batches() async throws {
    let (a, b): (Pod<Int>, Pod<Int>) = try await MemoryNetwork().pods()
    let (otherPod, store) = (a.store, b.store)
    // shown
    let changes = store.watch(.prefix("range."))
    try otherPod.setMany(["range.low": 1, "range.high": 5])

    for try await _ in changes {
      let (low, high) = store.read { view in (view["range.low"] ?? 0, view["range.high"] ?? 0) }
      print("from", low, "to", high)
      break
    }
    // end
    #expect(store.read { view in [view["range.low"], view["range.high"]] } == [1, 5])
  }

  @Test("In merge mode a watch shows joins")
  func mergeMode() async throws {
    let transport = MemoryTransport()
    var shown: [Change<Set<String>>] = []
    // shown
    var configuration = StoreConfiguration<Set<String>>()
    configuration.merge = Merge { $0.union($1) }
    let members = try Store("members", over: transport, configuration: configuration)

    let changes = members.watch(.key("room"))
    try members.set("room", to: ["ann"])
    try members.set("room", to: ["bob"])
    try members.set("room", to: ["ann"])
    try members.delete("room")
    // end
    try await members.close()
    for try await event in changes { shown.append(event.change) }
    #expect(shown == [.set(["ann"]), .set(["ann", "bob"]), .delete])
  }

  private func keys(of watch: Watch<Int>) async throws -> [String] {
    var keys: [String] = []
    for try await event in watch { keys.append(event.key) }
    return keys
  }
}
