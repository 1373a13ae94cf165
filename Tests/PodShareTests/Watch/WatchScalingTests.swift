import PodShare
import Testing

@Suite("What watching costs does not grow with what it is not about", .timeLimit(.minutes(2)))
struct WatchScalingTests {
  /// The least of several, since a machine that does something else only makes it longer.
  private func least(of attempts: Int = 3, _ body: () async throws -> Void) async throws -> Duration {
    var least = Duration.seconds(3_600)
    for _ in 0..<attempts { least = min(least, try await ContinuousClock().measure { try await body() }) }
    return least
  }

  @Test("An event costs the same however many wait for other keys")
  func otherKeys() async throws {
    func time(waiting count: Int) async throws -> Duration {
      let store = try await Store<Int>.join("t", over: MemoryTransport())
      let others = (0..<count).map { number in
        let watch = store.watch(.key("other\(number)"))
        return Task { for try await _ in watch {} }
      }
      defer { for other in others { other.cancel() } }
      let (told, teller) = AsyncStream.makeStream(of: Int?.self)
      let hot = store.watch(.key("hot"))
      let listening = Task { for try await event in hot { teller.yield(event.change.value) } }
      defer { listening.cancel() }
      var values = told.makeAsyncIterator()
      // Those that wait have begun to.
      try await Task.sleep(for: .milliseconds(100))
      return try await least {
        for number in 0..<50 {
          try store.set("hot", to: number)
          #expect(await values.next() == number)
        }
      }
    }
    let (alone, among) = (try await time(waiting: 0), try await time(waiting: 4_000))
    #expect(among < alone * 20, "\(alone) alone, \(among) among 4,000 that wait for other keys")
  }

  @Test("What is there at first is looked through as fast with the newest of each key as with all")
  func present() async throws {
    func time(_ buffering: WatchBuffering) async throws -> Duration {
      try await least {
        let store = try await Store<Int>.join("t", over: MemoryTransport())
        try store.setMany((0..<4_000).map { ("key\($0)", $0) })
        let watch = store.watch(from: .present, buffering: buffering)
        try store.setMany((4_000..<6_000).map { ("key\($0)", $0) })
        var count = 0
        for try await _ in watch {
          count += 1
          if count == 6_000 { break }
        }
      }
    }
    let (all, newest) = (try await time(.bounded(10_000)), try await time(.newestPerKey))
    #expect(newest * 2 < all * 5, "\(all) for all, \(newest) for the newest of each key")
  }

  @Test("A batch goes to those who watch its keys in a time that goes with its size")
  func batch() async throws {
    func time(_ count: Int) async throws -> Duration {
      let store = try await Store<Int>.join("t", over: MemoryTransport())
      let watches = (0..<count).map { store.watch(.key("key\($0)")) }
      let least = try await least { try store.setMany((0..<count).map { ("key\($0)", $0) }) }
      for (number, watch) in watches.enumerated() {
        var events = watch.makeAsyncIterator()
        #expect(try await events.next()?.change == .set(number))
      }
      return least
    }
    let (few, many) = (try await time(250), try await time(4_000))
    #expect(many < few * 64, "\(few) for 250, \(many) for 4,000")
  }
}
