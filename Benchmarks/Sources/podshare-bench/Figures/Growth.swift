import PodShare

/// How cost grows with the number of keys.
enum Growth {
  static let experiments = [1_000, 10_000, 100_000, 1_000_000].map(experiment)

  private static func experiment(_ size: Int) -> Experiment {
    Experiment(
      figures: [
        Figure(
          name: "get_keys_\(size)", unit: "ns/op", about: "Reading in a store of \(size) keys, shuffled.",
          baselines: ["dictionary_keys_\(size)"]),
        Figure(
          name: "dictionary_keys_\(size)", unit: "ns/op", about: "The same with a plain, unlocked Dictionary."
        ),
        Figure(
          name: "set_keys_\(size)", unit: "ns/op", about: "Writing in a store of \(size) keys, shuffled."),
        Figure(
          name: "dispatch_keys_\(size)", unit: "ns/op",
          about: "Writing in a store of \(size) keys with 10 watchers of one key each."),
        Figure(
          name: "longest_set_keys_\(size)", unit: "us CPU",
          about: "Processor time of the slowest of the sets by which a store grows to \(size) keys."),
      ], rounds: size >= 1_000_000 ? 5 : 21
    ) { rounds in
      let keys = Keys.shuffled(size)
      let store = try await Stores.filled(keys.shuffled())
      let dictionary =
        rounds.includes("dictionary_keys_\(size)") ? Reading.dictionary(keys.shuffled()) : [:]
      let part = min(size, 20_000)
      let passes = max(1, 100_000 / size)
      let sequence = Sequence()
      return try await rounds([
        (
          "get_keys_\(size)",
          { nanoseconds(for: passes * size) { Reading.readAll(keys, passes) { store[$0] } } }
        ),
        (
          "dictionary_keys_\(size)",
          { nanoseconds(for: passes * size) { Reading.readAll(keys, passes) { dictionary[$0] } } }
        ),
        (
          "set_keys_\(size)",
          {
            let start = sequence.next(part) % size
            return try nanoseconds(for: part) {
              for number in 0..<part { try store.set(keys[(start + number) % size], to: Limits(number)) }
            }
          }
        ),
        (
          "dispatch_keys_\(size)",
          {
            let watches = (0..<10).map { store.watch(.key(keys[$0]), buffering: .newestPerKey) }
            let start = sequence.next(part) % size
            return try withExtendedLifetime(watches) {
              try nanoseconds(for: part) {
                for number in 0..<part { try store.set(keys[(start + number) % size], to: Limits(number)) }
              }
            }
          }
        ),
        (
          "longest_set_keys_\(size)",
          {
            let store = try await Stores.joined(of: Limits.self)
            var longest = 0.0
            for (number, key) in keys.enumerated() {
              let value = Limits(number)
              let start = ProcessorTime.ofThread
              try store.set(key, to: value)
              longest = max(longest, ProcessorTime.ofThread - start)
            }
            return longest * 1e6
          }
        ),
      ])
    }
  }

  /// Where the last round left off.
  private final class Sequence: Sendable {
    private let position = Announced<Int>()

    func next(_ count: Int) -> Int {
      let start = position.value ?? 0
      position.set(start + count)
      return start
    }
  }
}
