import ArgumentParser
import Foundation
import PodShare

enum Footprint {
  static let bytesPerEntry = Experiment(
    figures: [
      Figure(
        name: "bytes_per_entry", unit: "bytes",
        about: "Resident memory of a store of 1,000,000 structs, for each.",
        baselines: ["dictionary_bytes_per_entry"]),
      Figure(
        name: "dictionary_bytes_per_entry", unit: "bytes",
        about: "The same of a plain Dictionary of key to (value, version)."),
    ], rounds: 1
  ) { rounds in
    try await rounds([
      ("bytes_per_entry", { try HeldInMemory.store.measuredInNewProcess() }),
      ("dictionary_bytes_per_entry", { try HeldInMemory.dictionary.measuredInNewProcess() }),
    ])
  }
}

/// What is filled with a million entries to see how much memory that takes.
enum HeldInMemory: String, ExpressibleByArgument {
  case store, dictionary

  private static let count = 1_000_000

  func measuredInNewProcess() throws -> Double {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["--hold", rawValue]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .nan
  }

  func bytesPerEntry() async throws -> Double {
    let store = try await Stores.joined(of: Limits.self)
    let version = try store.set(Keys.key(0), to: Limits(0))
    let before = Self.residentBytes
    switch self {
    case .store:
      for number in 0..<Self.count { try store.set(Keys.key(number), to: Limits(number)) }
      return withExtendedLifetime(store) { Double(Self.residentBytes - before) / Double(Self.count) }
    case .dictionary:
      var dictionary: [String: (Limits, Version)] = [:]
      for number in 0..<Self.count { dictionary[Keys.key(number)] = (Limits(number), version) }
      return withExtendedLifetime(dictionary) { Double(Self.residentBytes - before) / Double(Self.count) }
    }
  }

  private static var residentBytes: Int {
    // Linux alone tells it in a file.
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
