import PodShare

enum Flushing {
  static let afterOneWrite = Experiment(
    figures: [
      Figure(
        name: "flush_after_one_write_100k", unit: "ms CPU",
        about:
          "Processor time of a set and a flush in a store of 100,000 keys over the memory transport, which keeps them."
      )
    ], rounds: 101
  ) { rounds in
    let keys = Keys.shuffled(100_000)
    let store = try await Stores.filled(keys, on: MemoryNetwork(keepsEntries: true))
    return try await rounds([
      (
        "flush_after_one_write_100k",
        {
          let start = ProcessorTime.ofProcess
          try store.set(keys[0], to: Limits(1))
          try await store.flush()
          return (ProcessorTime.ofProcess - start) * 1e3
        }
      )
    ])
  }
}
