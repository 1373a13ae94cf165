import Foundation
import PodShare

/// Does one thing so many times, for a tool that counts what the processor and the allocator have to do for it:
/// scripts/check-costs.
///
/// Not an `async` main, which Valgrind does not survive.
@main
enum Costs {
  static func main() {
    guard CommandLine.arguments.count == 3, let work = works[CommandLine.arguments[1]],
      let count = Int(CommandLine.arguments[2])
    else {
      let names = works.keys.sorted().joined(separator: "|")
      FileHandle.standardError.write(Data("usage: podshare-costs \(names) COUNT\n".utf8))
      exit(2)
    }
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await work(count)
      } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(1)
      }
      done.signal()
    }
    done.wait()
  }

  private static let keys = (0..<100).map { "tenant:00000000000" + String(100 + $0) }

  private static func setMany(_ count: Int, on store: Store<Int>) throws {
    for number in 0..<count / 10 {
      try store.setMany((0..<10).map { (keys[(number * 10 + $0) % keys.count], number) })
    }
  }

  private static let works: [String: @Sendable (Int) async throws -> Void] = [
    "get": { count in
      let store = try await store(on: MemoryNetwork())
      for key in keys { try store.set(key, to: 1) }
      var sum = 0
      for number in 0..<count { sum &+= store[keys[number % keys.count]] ?? 0 }
      precondition(sum == count)
    },
    "set": { count in
      let store = try await store(on: MemoryNetwork())
      for number in 0..<count { try store.set(keys[number % keys.count], to: number) }
    },
    // Ten at a time.
    "set-many": { count in
      try setMany(count, on: try await store(on: MemoryNetwork()))
    },
    "set-many-and-receive": { count in
      let network = MemoryNetwork()
      let (store, other) = (try await store(on: network), try await store(on: network))
      try setMany(count, on: store)
      precondition(other.count == min(count, keys.count))
    },
    // What it takes more than a set is what it takes to receive a message.
    "set-and-receive": { count in
      let network = MemoryNetwork()
      let (store, other) = (try await store(on: network), try await store(on: network))
      for number in 0..<count { try store.set(keys[number % keys.count], to: number) }
      precondition(other.count == min(count, keys.count))
    },
    // Each is received by two, and neither got the one before from the same author.
    "set-in-turn": { count in
      let network = MemoryNetwork()
      var stores: [Store<Int>] = []
      for _ in 0..<3 { stores.append(try await store(on: network)) }
      for number in 0..<count { try stores[number % 3].set(keys[number % keys.count], to: number) }
      precondition(stores.allSatisfy { $0.count == min(count, keys.count) })
    },
    "fill": { count in
      _ = try await filled(with: count, on: MemoryNetwork())
    },
    // What it takes more than filling the first is what it takes to send an entry and to receive it.
    "fill-and-join": { count in
      let network = MemoryNetwork()
      let first = try await filled(with: count, on: network)
      let second = try await store(on: network, joinTimeout: .seconds(60))
      precondition(first.count == count && second.count == count)
    },
    // The sequence is consumed as it comes, by the same thread.
    "set-and-watch": { count in
      let store = try await store(on: MemoryNetwork())
      var events = store.watch().makeAsyncIterator()
      for number in 0..<count {
        try store.set(keys[number % keys.count], to: number)
        _ = try await events.next()
      }
    },
  ]

  private static func filled(with count: Int, on network: MemoryNetwork) async throws -> Store<Int> {
    let store = try await store(on: network)
    for number in 0..<count { try store.set("tenant:0000000" + String(1_000_000 + number), to: number) }
    return store
  }

  private static func store(
    on network: MemoryNetwork, joinTimeout: Duration = .milliseconds(1)
  ) async throws -> Store<Int> {
    var configuration = StoreConfiguration<Int>()
    configuration.joinTimeout = joinTimeout
    configuration.nodeID = "pod-" + String(UInt32.random(in: 1_000_000...9_999_999))
    let store = try await Store.join(
      "costs", over: MemoryTransport(on: network), configuration: configuration)
    // Whether a store is freed before the process ends is a matter of luck, and is not what is counted.
    _ = Unmanaged.passRetained(store)
    return store
  }
}
