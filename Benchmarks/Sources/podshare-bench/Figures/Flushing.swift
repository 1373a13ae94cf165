import Foundation
import PodShare

enum Flushing {
  static let afterOneWrite = Experiment(
    figures: [
      Figure(
        name: "flush_after_one_write_100k", unit: "ms CPU",
        about: "Processor time of a set and a flush in a store of 100,000 keys over the memory transport.")
    ], rounds: 101
  ) { rounds in
    let keys = Keys.shuffled(100_000)
    let store = try await Stores.filled(keys)
    return try await rounds([
      (
        "flush_after_one_write_100k",
        {
          let start = processorTime()
          try store.set(keys[0], to: Limits(1))
          try await store.flush()
          return (processorTime() - start) * 1e3
        }
      )
    ])
  }

  /// Seconds that all threads of the process have worked.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
