import Foundation
import PodShare
import PodShareP2P

/// This process as one pod: says what happens, and does what it is told on its standard input.
struct PodProcess: Sendable {
  let node: String?
  let listen: PeerAddress
  let peers: [PeerAddress]

  func run() async throws {
    var network = P2PConfiguration(listenAddress: listen, peers: peers)
    network.nodeID = node
    network.onConnect = { say("linked with \($0.nodeID)") }
    network.onDisconnect = { say("no longer linked with \($0.nodeID)") }
    network.onError = { say("error: \($0)") }
    let transport = P2PTransport(configuration: network)
    try await transport.start()
    if let address = transport.listenAddress { say("listens on \(address)") }

    var configuration = StoreConfiguration<String>()
    configuration.nodeID = transport.nodeID
    // Whoever knows others waits for what they hold, also when the machine is busy.
    if !peers.isEmpty { configuration.joinTimeout = .seconds(5) }
    let store = try await Store<String>.join("notes", over: transport, configuration: configuration)
    say("joined as \(store.nodeID), entries: \(store.count)")

    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await tellChanges(of: store) }
      group.addTask { try await beat(in: store) }
      for await line in standardInput() { try obey(line, store) }
      group.cancelAll()
    }
    try await store.close()
    try await transport.close()
    say("bye")
  }

  private func tellChanges(of store: Store<String>) async throws {
    for try await event in store.watch() {
      switch event.change {
      case .set(let value): say("\(event.key) = \(value), by \(event.origin)")
      case .delete: say("\(event.key) is gone, by \(event.origin)")
      }
    }
  }

  /// Every pod writes a key of its own again and again: who looks sees that it lives.
  private func beat(in store: Store<String>) async throws {
    for count in 1... {
      try store.set("heartbeat/\(store.nodeID)", to: "\(count)")
      try await Task.sleep(for: .seconds(5))
    }
  }

  private func obey(_ line: String, _ store: Store<String>) throws {
    let words = line.split(separator: " ", maxSplits: 2).map(String.init)
    switch (words.first, words.count) {
    case (nil, _): break
    case ("set", 3): try store.set(words[1], to: words[2])
    case ("delete", 2): try store.delete(words[1])
    case ("show", 1):
      let entries = store.snapshot().map { "\($0.key)=\($0.value)" }.sorted()
      say("holds \(entries.joined(separator: ", "))")
    default: say("understands: set KEY VALUE, delete KEY, show")
    }
  }
}

/// At once, unlike `print`, when the output goes to a pipe.
private func say(_ what: String) {
  FileHandle.standardOutput.write(Data("\(what)\n".utf8))
}

/// Lines as they come, until the end of the input. Reading blocks, so a thread of its own does it.
private func standardInput() -> AsyncStream<String> {
  let (lines, continuation) = AsyncStream<String>.makeStream()
  Thread.detachNewThread {
    while let line = readLine() { continuation.yield(line) }
    continuation.finish()
  }
  return lines
}
