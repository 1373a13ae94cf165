import Foundation
import PodShare

enum Writing {
  static let sets = Experiment(
    figures: [
      Figure(
        name: "set_int", unit: "ns/op", about: "Writing a Store<Int>, 1,000 keys, over the memory transport."),
      Figure(
        name: "set_struct", unit: "ns/op", about: "Writing a struct of a number and a string.",
        baselines: ["json_encode_struct"]),
      Figure(
        name: "json_encode_struct", unit: "ns/op",
        about: "Encoding the struct with Foundation's JSONEncoder, no more."),
    ], rounds: 41
  ) { rounds in
    let keys = Keys.shuffled(1_000)
    let numbers = try await Stores.joined(of: Int.self)
    let limits = try await Stores.joined(of: Limits.self)
    let values = keys.indices.map { Limits($0) }
    let passes = 5
    let count = passes * keys.count
    return try await rounds([
      (
        "set_int",
        {
          try nanoseconds(for: count) {
            for pass in 0..<passes { for key in keys { try numbers.set(key, to: pass) } }
          }
        }
      ),
      (
        "set_struct",
        {
          try nanoseconds(for: count) {
            for _ in 0..<passes { for (key, value) in zip(keys, values) { try limits.set(key, to: value) } }
          }
        }
      ),
      (
        "json_encode_struct",
        {
          let encoder = JSONEncoder()
          return try nanoseconds(for: count) {
            for _ in 0..<passes { for value in values { consume(try encoder.encode(value).count) } }
          }
        }
      ),
    ])
  }
}
