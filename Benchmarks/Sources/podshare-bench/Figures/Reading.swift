import PodShare

enum Reading {
  static let oneKey = Experiment(
    figures: [
      Figure(
        name: "get_1key", unit: "ns/op", about: "Reading one key of a Store<Int>.",
        baselines: ["dictionary_1key"]),
      Figure(name: "dictionary_1key", unit: "ns/op", about: "The same with a plain, unlocked Dictionary."),
    ], rounds: 101
  ) { rounds in
    let key = Keys.key(1)
    let store = try await Stores.joined(of: Int.self)
    try store.set(key, to: 1)
    let dictionary = [key: 1]
    let count = 50_000
    return try await rounds([
      ("get_1key", { nanoseconds(for: count) { readOne(key, count) { store[$0] } } }),
      ("dictionary_1key", { nanoseconds(for: count) { readOne(key, count) { dictionary[$0] } } }),
    ])
  }

  static let manyKeys = Experiment(
    figures: [
      Figure(
        name: "get_10k", unit: "ns/op", about: "Reading 10,000 keys in shuffled order.",
        baselines: ["dictionary_10k"]),
      Figure(
        name: "get_10k_prepared", unit: "ns/op", about: "The same by withValue with prepared keys.",
        baselines: ["dictionary_10k"]),
      Figure(name: "dictionary_10k", unit: "ns/op", about: "The same with a plain, unlocked Dictionary."),
      Figure(
        name: "mutex_dictionary_10k", unit: "ns/op", about: "The same with a Dictionary behind a Mutex."),
      Figure(
        name: "actor_dictionary_10k", unit: "ns/op", about: "The same with an actor that has a Dictionary."),
    ], rounds: 61
  ) { rounds in
    let keys = Keys.shuffled(10_000)
    let prepared = keys.map { PreparedKey($0) }
    let store = try await Stores.filled(keys.shuffled())
    let dictionary = dictionary(keys.shuffled())
    let mutex = MutexDictionary(dictionary)
    let actor = ActorDictionary(dictionary)
    return try await rounds([
      ("get_10k", { nanoseconds(for: passes * keys.count) { readAll(keys, passes) { store[$0] } } }),
      (
        "get_10k_prepared",
        { nanoseconds(for: passes * keys.count) { readAllInPlace(prepared, passes, of: store) } }
      ),
      (
        "dictionary_10k",
        { nanoseconds(for: passes * keys.count) { readAll(keys, passes) { dictionary[$0] } } }
      ),
      (
        "mutex_dictionary_10k",
        { nanoseconds(for: passes * keys.count) { readAll(keys, passes) { mutex[$0] } } }
      ),
      (
        "actor_dictionary_10k",
        {
          let start = ContinuousClock.now
          var sum = 0
          for key in keys { sum &+= await actor[key].map(sumOf) ?? 0 }
          consume(sum)
          return (ContinuousClock.now - start).nanoseconds / Double(keys.count)
        }
      ),
    ])
  }

  static let twoThreads = Experiment(
    figures: [
      Figure(
        name: "get_10k_2threads", unit: "Mops/s",
        about: "Two threads reading, together; each has its own key strings.",
        baselines: ["get_10k_1thread", "dictionary_10k_1thread", "dictionary_10k_2threads"]),
      Figure(
        name: "dictionary_10k_2threads", unit: "Mops/s", about: "The same with a plain, unlocked Dictionary.",
        baselines: ["dictionary_10k_1thread"]),
      Figure(name: "get_10k_1thread", unit: "Mops/s", about: "One thread reading, measured as two are."),
      Figure(
        name: "dictionary_10k_1thread", unit: "Mops/s", about: "The same with a plain, unlocked Dictionary."),
      Figure(
        name: "get_10k_prepared_2threads", unit: "Mops/s",
        about: "Two threads reading by withValue with prepared keys, which counts no references to values.",
        baselines: ["get_10k_prepared_1thread"]),
      Figure(name: "get_10k_prepared_1thread", unit: "Mops/s", about: "One thread doing that."),
    ], rounds: 41
  ) { rounds in
    let store = try await Stores.filled(Keys.shuffled(10_000))
    let dictionary = dictionary(Keys.shuffled(10_000))
    // Made here, so that no two threads share a string.
    let keys = [Keys.shuffled(10_000), Keys.shuffled(10_000)]
    let passes = 20
    @Sendable func rate(_ threads: Int, _ duration: Duration) -> Double {
      Double(threads * passes * 10_000) * 1e3 / duration.nanoseconds
    }
    @Sendable func readStore(_ thread: Int) { readAll(keys[thread], passes) { store[$0] } }
    let prepared = keys.map { keys in keys.map { PreparedKey($0) } }
    @Sendable func readInPlace(_ thread: Int) { readAllInPlace(prepared[thread], passes, of: store) }
    @Sendable func readDictionary(_ thread: Int) { readAll(keys[thread], passes) { dictionary[$0] } }
    return try await rounds([
      ("get_10k_2threads", { rate(2, await onThreads(2, readStore)) }),
      ("dictionary_10k_2threads", { rate(2, await onThreads(2, readDictionary)) }),
      ("get_10k_1thread", { rate(1, await onThreads(1, readStore)) }),
      ("dictionary_10k_1thread", { rate(1, await onThreads(1, readDictionary)) }),
      ("get_10k_prepared_2threads", { rate(2, await onThreads(2, readInPlace)) }),
      ("get_10k_prepared_1thread", { rate(1, await onThreads(1, readInPlace)) }),
    ])
  }

  static let withWriter = Experiment(
    figures: [
      Figure(
        name: "get_10k_with_writer", unit: "ns/op",
        about: "Reading 10,000 keys while another thread sets them as fast as it can.",
        baselines: ["get_10k_without_writer"]),
      Figure(
        name: "get_10k_without_writer", unit: "ns/op",
        about: "The same while nobody writes, in the same rounds."),
    ], rounds: 31
  ) { rounds in
    let keys = Keys.shuffled(10_000)
    let written = Keys.shuffled(10_000)
    let store = try await Stores.filled(keys.shuffled())
    return try await rounds([
      (
        "get_10k_with_writer",
        {
          let elapsed = Announced<Double>()
          _ = await onThreads(2) { thread in
            if thread == 0 {
              elapsed.set(nanoseconds(for: passes * keys.count) { readAll(keys, passes) { store[$0] } })
            } else {
              var number = 0
              while elapsed.value == nil {
                _ = try? store.set(written[number % written.count], to: Limits(number))
                number += 1
              }
            }
          }
          return elapsed.value ?? .nan
        }
      ),
      (
        "get_10k_without_writer",
        { nanoseconds(for: passes * keys.count) { readAll(keys, passes) { store[$0] } } }
      ),
    ])
  }

  static let passes = 10

  static func dictionary(_ keys: [String]) -> [String: Limits] {
    Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, Limits($0)) })
  }

  @inline(__always)
  static func sumOf(_ value: Limits) -> Int { value.rateLimit &+ value.name.utf8.count }

  /// Every way to read is inlined into a copy of this loop.
  @inline(__always)
  static func readAll(_ keys: [String], _ passes: Int, _ read: (String) -> Limits?) {
    var sum = 0
    for _ in 0..<passes {
      for key in keys {
        if let value = read(key) { sum &+= sumOf(value) }
      }
    }
    consume(sum)
  }

  static func readAllInPlace(_ keys: [PreparedKey], _ passes: Int, of store: Store<Limits>) {
    var sum = 0
    for _ in 0..<passes {
      for key in keys { sum &+= store.withValue(forKey: key) { sumOf($0) } ?? 0 }
    }
    consume(sum)
  }

  @inline(__always)
  static func readOne(_ key: String, _ count: Int, _ read: (String) -> Int?) {
    var sum = 0
    for _ in 0..<count { sum &+= read(opaque(key)) ?? 0 }
    consume(sum)
  }

  /// The same string; but the compiler does not know.
  @inline(never) @_optimize(none)
  private static func opaque(_ key: String) -> String { key }
}
