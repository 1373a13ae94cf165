import NIOConcurrencyHelpers
import PodShare

/// A pod that does what it is told, line by line, and tells what happens to its store.
final class PodSession: Sendable {
  /// Why a session ends.
  enum End: Sendable, Equatable {
    case quit
    case endOfInput
    case interrupted
    /// Nobody reads what it says.
    case outputClosed
  }

  private let connection: Connection
  private let hasPeers: Bool
  private let console: Console
  private let ends: AsyncStream<End>
  private let end: AsyncStream<End>.Continuation

  /// - Parameter hasPeers: Whether there are other pods that it is to be linked with.
  init(_ connection: Connection, hasPeers: Bool, console: Console) {
    self.connection = connection
    self.hasPeers = hasPeers
    self.console = console
    (ends, end) = AsyncStream.makeStream(of: End.self)
  }

  private var store: Store<JSONValue> { connection.store }

  /// Ends the session, whatever it is doing.
  func stop(_ reason: End) {
    end.yield(reason)
  }

  /// Says that the pod is ready, and serves until something ends it. The store is the caller's to close; ``tellRest()``
  /// tells of what that brought.
  func serve(at address: String, input: LineReader) async -> End {
    // Before anybody knows that the pod is here, so that no write of theirs is missed.
    let watch = watchStore()
    guard await console.write(.ready(nodeID: store.nodeID, address: address)) else { return .outputClosed }
    await console.greet()
    let telling = Task { await tell(watch) }
    // Left behind when the session ends: a wait for a line cannot be cancelled.
    Task { await obey(input) }
    self.telling.withLockedValue { $0 = telling }
    for await reason in ends { return reason }
    return .interrupted
  }

  /// Waits until the events of a closed store have been told, but not for a reader that does not read.
  func tellRest() async {
    guard let telling = telling.withLockedValue({ $0 }) else { return }
    await telling.wait(atMost: .seconds(2))
  }

  // MARK: Commands

  private func obey(_ input: LineReader) async {
    while true {
      await console.prompt()
      guard let line = await input.next() else {
        await console.leavePrompt()
        return stop(.endOfInput)
      }
      console.endPrompt()
      let request: PodRequest
      do throws(PodRequest.Refusal) {
        guard let parsed = try Self.parse(line) else { continue }
        request = parsed
      } catch {
        guard await console.write(.error("\(error)")) else { return stop(.outputClosed) }
        continue
      }
      // It is answered when the pod has left the fleet.
      if request == .quit { return stop(.quit) }
      guard await console.write(await answer(request)) else { return stop(.outputClosed) }
    }
  }

  private static func parse(_ line: LineReader.Line) throws(PodRequest.Refusal) -> PodRequest? {
    switch line {
    case .text(let text): try PodRequest.parse(text)
    case .garbled: throw PodRequest.Refusal("the line is not UTF-8")
    case .tooLong: throw PodRequest.Refusal("the line is longer than \(LineReader.maximumBytes) bytes")
    }
  }

  private func answer(_ request: PodRequest) async -> PodLine {
    do throws(StoreError) {
      return try await perform(request)
    } catch {
      return PodLine(error)
    }
  }

  private func perform(_ request: PodRequest) async throws(StoreError) -> PodLine {
    switch request {
    case .set(let key, let value):
      try store.set(key, to: value)
      return .ok
    case .delete(let key):
      try store.delete(key)
      return .ok
    case .get(let key):
      return store[key].map { .value(key: key, value: $0) } ?? .missing(key: key)
    case .keys:
      return .keys(store.keys)
    case .dump:
      return .entries(Array(store.snapshot()))
    case .setMany(let members):
      try store.setMany(members.map { ($0.key, $0.value) })
      return .ok
    case .version(let key):
      return store.version(of: key).map { .version(key: key, version: $0) } ?? .missing(key: key)
    case .members:
      return .members(store.members)
    case .statistics:
      return .statistics(store.statistics, isCaughtUp: store.isCaughtUp)
    case .refresh:
      let start = Timestamp.now()
      try await store.refresh()
      guard await hasAnybodyAnswered(since: start) else {
        return .error("nothing was compared: no other pod has answered")
      }
      return .ok
    case .sleep(let milliseconds):
      try? await Task.sleep(for: .milliseconds(milliseconds))
      return .ok
    case .help:
      return .help
    case .quit:
      return .ok
    }
  }

  /// True as well if there is nobody to answer.
  private func hasAnybodyAnswered(since start: Timestamp) async -> Bool {
    let members = store.members
    if members.contains(where: { $0.lastSeen >= start }) { return true }
    if members.isEmpty, !hasPeers { return true }
    // They say nothing of themselves, but have been asked for what they hold.
    return await connection.isAnyGoPodThere
  }

  // MARK: Events

  private let telling = NIOLockedValueBox<Task<Void, Never>?>(nil)

  private func watchStore() -> Watch<JSONValue> {
    store.watch(buffering: .bounded(Self.eventsWaiting))
  }

  private func tell(_ watch: Watch<JSONValue>) async {
    var watch = watch
    while true {
      do throws(StoreError) {
        for try await event in watch {
          guard await console.write(.event(event)) else { return stop(.outputClosed) }
        }
        return
      } catch {
        // Whoever reads was too slow, and is told that something is missing before it goes on.
        watch = watchStore()
        guard await console.write(PodLine(error)) else { return stop(.outputClosed) }
      }
    }
  }

  private static let eventsWaiting = 65_536
}
