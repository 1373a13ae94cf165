import Logging
import PodShareTestKit
import ServiceLifecycle
import Testing

@testable import PodShare

@Suite("Lifecycle", .timeLimit(.minutes(1)))
struct LifecycleTests {
  // MARK: Joining

  @Test("Joining when nobody is there waits for the join timeout, and is no error")
  func alone() async throws {
    let clock = TestClock()
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    configuration.joinTimeout = .seconds(30)
    let joined = TestSignal()
    let join = Task { [configuration] in
      let store = try await Store.join("topic", over: MemoryTransport(), configuration: configuration)
      joined.send()
      return store
    }
    try await clock.waitForSleepers(2)
    for _ in 0..<29 {
      clock.advance(by: .seconds(1))
      try await clock.waitForSleepers(2)
    }
    #expect(!joined.isSent)
    clock.advance(by: .seconds(1))
    let store = try await join.value
    #expect(!store.isCaughtUp)
    try store.set("k", to: 1)
    #expect(store["k"] == 1)
  }

  @Test("Joining through a pod returns with all that it holds")
  func caughtUp() async throws {
    let network = MemoryNetwork()
    let a: Pod<String> = try await network.pod("a", isFirst: true)
    let value = String(repeating: "x", count: 1_000)
    try a.store.setMany((0..<2_000).map { ("\($0)", value) })
    try a.store.delete("0")
    let b: Pod<String> = try await network.pod("b")
    #expect(b.store.isCaughtUp)
    #expect(b.store.contents == a.store.contents)
    #expect(b.store.statistics.tombstones == 1)
    await eventually("a has caught up with b as well") { a.store.isCaughtUp }
  }

  @Test("A pod that only received serves all the same")
  func receiver() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let b: Pod<Int> = try await network.pod("b")
    for key in 0..<100 { try a.store.set("\(key)", to: key) }
    try await a.store.close()
    let c: Pod<Int> = try await network.pod("c")
    #expect(c.store.contents == b.store.contents)
    #expect(c.store.count == 100)
  }

  @Test("An empty pod's answer never beats a full one's")
  func emptyAnswer() async throws {
    let network = MemoryNetwork()
    let full: Pod<Int> = try await network.pod("full", isFirst: true)
    full.transport.disconnect()
    try full.store.setMany((0..<1_000).map { ("\($0)", $0) })
    var empties: [Pod<Int>] = []
    for index in 0..<3 { empties.append(try await network.pod("empty \(index)", isFirst: index == 0)) }
    full.transport.connect()
    let joiner: Pod<Int> = try await network.pod("joiner")
    await eventually("everybody has everything") {
      (empties + [joiner]).allSatisfy { $0.store.count == 1_000 }
    }
  }

  @Test("A failed subscription is an error, and leaves nothing subscribed", arguments: 1...3)
  func failedSubscription(attempt: Int) async {
    let transport = StubbornTransport(on: MemoryNetwork(), .init(failingSubscription: attempt))
    await #expect { try await Store<Int>.join("topic", over: transport) } throws: { error in
      let error = error as? StoreError
      return error?.code == .transport && (error?.cause as? TransportError)?.code == .failed
    }
    #expect(transport.subscriptions == 0)
  }

  @Test(
    "A cancelled join leaves nothing subscribed, wherever it hangs", arguments: [1, 2, 3], [false, true])
  func cancelledWhileSubscribing(attempt: Int, ignoresCancellation: Bool) async {
    let transport = StubbornTransport(
      on: MemoryNetwork(), .init(hangingSubscription: attempt, ignoresCancellation: ignoresCancellation))
    let join = Task { try await Store<Int>.join("topic", over: transport) }
    await eventually("the join hangs") { transport.isHanging }
    #expect(transport.subscriptions == attempt - 1)
    join.cancel()
    #expect(await StoreError.code { _ = try await join.value } == .cancelled)
    #expect(transport.subscriptions == 0)
  }

  @Test("A join cancelled while it waits for others leaves nothing subscribed, and nobody asleep")
  func cancelledWhileWaiting() async throws {
    let clock = TestClock()
    let transport = StubbornTransport()
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    let join = Task { [configuration] in
      try await Store.join("topic", over: transport, configuration: configuration)
    }
    try await clock.waitForSleepers(2)
    #expect(transport.subscriptions == 3)
    join.cancel()
    #expect(await StoreError.code { _ = try await join.value } == .cancelled)
    #expect(transport.subscriptions == 0)
    await eventually("nobody sleeps") { clock.sleepers == 0 }
  }

  @Test("A join that was cancelled before it began does nothing")
  func cancelledBefore() async {
    let transport = StubbornTransport()
    let join = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await Store<Int>.join("topic", over: transport)
    }
    #expect(await StoreError.code { _ = try await join.value } == .cancelled)
    #expect(transport.subscriptions == 0)
  }

  // MARK: Running

  @Test("In a service group it joins, serves, and closes on graceful shutdown")
  func serviceGroup() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let transport = StubbornTransport(on: network)
    let store = try Store<Int>("topic", over: transport)
    let group = ServiceGroup(
      services: [store], gracefulShutdownSignals: [], logger: Logger(label: "test"))
    let running = Task { try await group.run() }
    await eventually("the store has caught up") { store.isCaughtUp }
    try store.set("k", to: 1)
    await eventually("it arrives") { a.store["k"] == 1 }
    await group.triggerGracefulShutdown()
    try await running.value
    #expect(StoreError.code { try store.set("k", to: 2) } == .closed)
    #expect(transport.subscriptions == 0)
    #expect(store["k"] == 1)
  }

  @Test("Cancelling run closes the store; what was written is sent", arguments: 0..<20)
  func cancelledRun(attempt: Int) async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let transport = StubbornTransport(on: network)
    let store = try Store<Int>("topic", over: transport)
    let running = Task { try await store.run() }
    await eventually("the store has caught up") { store.isCaughtUp }
    transport.change { $0.publishOutcome = .queueFull }
    try store.set("k", to: 1)
    #expect(a.store["k"] == nil)
    transport.change { $0.publishOutcome = nil }
    running.cancel()
    try await running.value
    #expect(a.store["k"] == 1)
    #expect(transport.subscriptions == 0)
  }

  @Test("Graceful shutdown while joining ends the run without an error")
  func shutdownWhileJoining() async throws {
    let transport = StubbornTransport(on: MemoryNetwork(), .init(hangingSubscription: 2))
    let store = try Store<Int>("topic", over: transport)
    let group = ServiceGroup(
      services: [store], gracefulShutdownSignals: [], logger: Logger(label: "test"))
    let running = Task { try await group.run() }
    await eventually("the join hangs") { transport.isHanging }
    await group.triggerGracefulShutdown()
    try await running.value
    #expect(transport.subscriptions == 0)
  }

  @Test("Shut down while joining, it still sends what was written before")
  func writtenBeforeShutdown() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let transport = StubbornTransport(on: network, .init(publishOutcome: .queueFull, hangingSubscription: 3))
    let store = try Store<Int>("topic", over: transport)
    try store.set("k", to: 1)
    let running = Task { try await store.run() }
    await eventually("the join hangs") { transport.isHanging }
    transport.change { $0.publishOutcome = nil }
    running.cancel()
    try await running.value
    #expect(a.store["k"] == 1)
    #expect(transport.subscriptions == 0)
  }

  @Test("Closing a store that runs ends the run")
  func closeWhileRunning() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let store = try Store<Int>("topic", over: MemoryTransport(on: network))
    let running = Task { try await store.run() }
    await eventually("the store has caught up") { store.isCaughtUp }
    try await store.close()
    try await running.value
    try await a.store.close()
  }

  @Test("Running after close is an error, running twice a programmer's")
  func runTwice() async throws {
    let store = try Store<Int>("topic", over: MemoryTransport())
    try await store.close()
    #expect(await StoreError.code { try await store.run() } == .closed)

    await #expect(processExitsWith: .failure) {
      let store = try Store<Int>("topic", over: MemoryTransport())
      async let first: Void = store.run()
      try await store.run()
      try await first
    }
  }

  @Test("A store that has joined may be run: it is closed when the group shuts down")
  func runAfterJoining() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    let transport = StubbornTransport(on: network)
    let store = try await Store<Int>.join("topic", over: transport)
    let group = ServiceGroup(
      services: [store], gracefulShutdownSignals: [], logger: Logger(label: "test"))
    let running = Task { try await group.run() }
    try store.set("k", to: 1)
    #expect(a.store["k"] == 1 && transport.subscriptions > 0)
    await group.triggerGracefulShutdown()
    try await running.value
    #expect(transport.subscriptions == 0)
    #expect(StoreError.code { try store.set("k", to: 2) } == .closed)
  }

  @Test("Before it runs, a store takes writes and answers reads")
  func beforeRun() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    try a.store.set("theirs", to: 1)
    let store = try Store<Int>("topic", over: MemoryTransport(on: network))
    try store.set("mine", to: 2)
    #expect(store.snapshot().dictionary == ["mine": 2])
    let running = Task { try await store.run() }
    await eventually("both hold both") {
      store.snapshot().dictionary == ["mine": 2, "theirs": 1] && a.store["mine"] == 2
    }
    running.cancel()
    try await running.value
  }

  // MARK: Closing

  @Test("After close, reads go on answering the last state, watches end, and nothing is subscribed")
  func close() async throws {
    let network = MemoryNetwork()
    let transport = StubbornTransport(on: network)
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = .zero
    let store = try await Store.join("topic", over: transport, configuration: configuration)
    let b: Pod<Int> = try await network.pod("b")
    let watch = store.watch()
    try store.set("k", to: 1)
    try await store.close()
    #expect(transport.subscriptions == 0)
    try b.store.set("k", to: 2)
    #expect(store["k"] == 1)
    #expect(store.keys == ["k"])
    #expect(store.snapshot().dictionary == ["k": 1])
    #expect(store.version(of: "k") != nil)
    #expect(store.read { $0["k"] } == 1)
    #expect(store.withValue(forKey: "k") { $0 } == 1)
    #expect(store.count == 1)
    var events = 0
    for try await _ in watch { events += 1 }
    #expect(events == 1)
    for try await _ in store.watch() { Issue.record("a watch of a closed store has nothing to tell") }
  }

  @Test("Close is idempotent, at the same time too")
  func idempotent() async throws {
    let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
    await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<5 { group.addTask { try await a.store.close() } }
    }
    try await a.store.close()
    try await a.store.close(timeout: .zero)
  }

  @Test("A store that never ran can be closed")
  func closeIdle() async throws {
    let store = try Store<Int>("topic", over: MemoryTransport())
    try store.set("k", to: 1)
    try await store.close()
    #expect(StoreError.code { try store.set("k", to: 2) } == .closed)
  }

  @Test("Cancelling close ends the waiting, not the closing; the timeout ends it even if nothing ever drains")
  func cancelledClose() async throws {
    let clock = TestClock()
    let transport = StubbornTransport(on: MemoryNetwork(), .init(neverDrains: true))
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    configuration.joinTimeout = .zero
    let store = try await Store.join("topic", over: transport, configuration: configuration)
    try await clock.waitForSleepers(1)
    let closing = Task { try await store.close(timeout: .seconds(20)) }
    await eventually("the close drains") { transport.isDraining }
    #expect(StoreError.code { try store.set("k", to: 1) } == .closed)
    closing.cancel()
    #expect(await StoreError.code { try await closing.value } == .cancelled)
    #expect(transport.subscriptions == 3)

    // The first closing goes on by its own timeout; another waits for it.
    let second = Task { try await store.close() }
    try await clock.waitForSleepers(2)
    clock.advance(by: .seconds(20))
    try await second.value
    #expect(transport.subscriptions == 0)
    await eventually("nobody drains") { !transport.isDraining }
  }

  @Test("Close says what could not be handed over; the store is closed all the same")
  func closeUnsent() async throws {
    let network = MemoryNetwork()
    let a: Pod<Int> = try await network.pod("a", isFirst: true)
    a.transport.disconnect()
    try a.store.set("k", to: 1)
    #expect(await StoreError.code { try await a.store.close() } == .broadcastFailed)
    #expect(StoreError.code { try a.store.set("k", to: 2) } == .closed)
    try await a.store.close()
    #expect(a.store["k"] == 1)
  }

  @Test("Closing while the join waits ends the join")
  func closeWhileJoining() async throws {
    let clock = TestClock()
    var configuration = StoreConfiguration<Int>()
    configuration.time = clock.time
    let transport = StubbornTransport()
    let store = try Store("topic", over: transport, configuration: configuration)
    let running = Task { try await store.run() }
    try await clock.waitForSleepers(2)
    try await store.close(timeout: .seconds(1_000))
    try await running.value
    #expect(transport.subscriptions == 0)
  }

  // MARK: Being dropped

  @Test("A store dropped without close leaves no task, subscription or memory behind")
  func dropped() async throws {
    let clock = TestClock()
    let transport = StubbornTransport()
    weak var core: StoreCore?
    do {
      var configuration = StoreConfiguration<Int>()
      configuration.time = clock.time
      configuration.joinTimeout = .zero
      let store = try await Store.join("topic", over: transport, configuration: configuration)
      core = store.core
      try store.set("k", to: 1)
      let watch = store.watch()
      try await clock.waitForSleepers(1)
      #expect(transport.subscriptions == 3)
      _ = consume watch
    }
    #expect(transport.subscriptions == 0)
    await eventually("the core is gone") { core == nil }
    await eventually("the maintenance is gone") { clock.sleepers == 0 }
  }

  @Test("A store closed leaves nothing behind either, and its watch ends")
  func closedAndDropped() async throws {
    let clock = TestClock()
    let transport = StubbornTransport()
    weak var core: StoreCore?
    var watch: Watch<Int>?
    do {
      var configuration = StoreConfiguration<Int>()
      configuration.time = clock.time
      configuration.joinTimeout = .zero
      let store = try await Store.join("topic", over: transport, configuration: configuration)
      core = store.core
      watch = store.watch()
      try await store.close()
    }
    await eventually("the core is gone") { core == nil }
    await eventually("nobody sleeps") { clock.sleepers == 0 }
    if let watch { for try await _ in watch {} }
  }

  @Test("A store can be printed and reflected, as debuggers and failing tests do")
  func reflection() throws {
    let store = try Store<Int>("topic", over: MemoryTransport())
    var text = ""
    dump(store, to: &text)
    #expect(text.contains("topic"))
  }

  @Test("A watch outlives a dropped store without holding it, and ends")
  func watchOutlives() async throws {
    weak var core: StoreCore?
    var watch: Watch<Int>?
    do {
      let a: Pod<Int> = try await MemoryNetwork().pod("a", isFirst: true)
      core = a.store.core
      watch = a.store.watch()
      try a.store.set("k", to: 1)
    }
    await eventually("the core is gone") { core == nil }
    var events = 0
    if let watch { for try await _ in watch { events += 1 } }
    #expect(events == 1)
  }

  @Test(
    "A store dropped with entries not sent logs a warning; a clean one does not", arguments: [true, false])
  func warning(isDirty: Bool) async throws {
    let log = LogRecorder()
    let transport = StubbornTransport()
    do {
      var configuration = StoreConfiguration<Int>()
      configuration.joinTimeout = .zero
      configuration.logger = log.logger
      let store = try await Store.join("topic", over: transport, configuration: configuration)
      if isDirty { transport.change { $0.publishOutcome = .queueFull } }
      try store.set("k", to: 1)
    }
    #expect(log.messages.contains { $0.contains("dropped without close") } == isDirty)
  }
}
