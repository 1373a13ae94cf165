import NIOCore
import PodShare
import PodShareNetworking

/// A question for the state of a topic that a Go pod has not answered yet.
struct SnapshotRequest {
  let topic: Key
  let link: MeshState.LinkID
  let answer: EventLoopPromise<ByteBuffer?>
}

// Pods of the Go library know nothing of healing: they ask for the whole state, and are asked for it.
extension Mesh {
  /// What the Go pods that answer in time hold.
  func fetchSnapshots(of topic: Key) -> EventLoopFuture<[ByteBuffer]> {
    let answers = handlers.values.filter { $0.isGoPod && $0.isReady }.map { handler in
      let answer = eventLoop.makePromise(of: ByteBuffer?.self)
      // It does not say which question it answers: one at a time would do, but the answers are the same.
      snapshotRequests.append(SnapshotRequest(topic: topic, link: handler.id, answer: answer))
      handler.send(.snapshotRequest, topic: topic.string)
      return answer.futureResult
    }
    guard !answers.isEmpty else { return eventLoop.makeSucceededFuture([]) }
    let deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.snapshotTimeout)) {
      [weak self] in
      // Those asked later have later deadlines of their own; an answer that both got does no harm.
      self?.endSnapshotRequests { $0.topic == topic }
    }
    return EventLoopFuture.whenAllSucceed(answers, on: eventLoop).map { answers in
      deadline.cancel()
      return answers.compactMap { $0 }
    }
  }

  func snapshotArrived(_ snapshot: ByteBuffer, of topic: ByteBuffer, from link: MeshState.LinkID) {
    guard let topic = topic.key else { return }
    // A copy: the frame is a slice of what was read.
    let snapshot = snapshot.readableBytes == 0 ? nil : ByteBuffer(snapshot.readableBytesView)
    endSnapshotRequests(with: snapshot) { $0.link == link && $0.topic == topic }
  }

  func snapshotRequested(of topic: ByteBuffer, by handler: LinkHandler) {
    guard let topic = topic.key else { return }
    let id = handler.id
    guard let source = snapshots.source(of: topic) else { return send(nil, of: topic, to: id) }
    // The source takes as long as it takes: by then all may be over.
    let mesh = NIOLoopBound(Weak(self), eventLoop: eventLoop)
    Task { [access, eventLoop] in
      let snapshot = await source()
      access.perform { eventLoop.execute { mesh.value.mesh?.send(snapshot, of: topic, to: id) } }
    }
  }

  private struct Weak {
    weak var mesh: Mesh?

    init(_ mesh: Mesh) {
      self.mesh = mesh
    }
  }

  private func send(_ snapshot: ByteBuffer?, of topic: Key, to link: MeshState.LinkID) {
    guard let handler = handlers[link] else { return }
    let snapshot = snapshot ?? ByteBuffer()
    guard
      snapshot.readableBytes <= FrameLimits.messageBytes - WireLimits.topicBytes.upperBound - Frame.overhead
    else {
      report(
        .protocolViolation,
        "its request for the state of \(topic) cannot be answered: \(snapshot.readableBytes) bytes do not fit a frame",
        peer: handler.peerName)
      return
    }
    handler.send(.snapshotResponse, topic: topic.string, payload: snapshot)
  }

  func endSnapshotRequests(to link: MeshState.LinkID) { endSnapshotRequests { $0.link == link } }

  func endAllSnapshotRequests() { endSnapshotRequests { _ in true } }

  private func endSnapshotRequests(with answer: ByteBuffer? = nil, where isMeant: (SnapshotRequest) -> Bool) {
    let ended = snapshotRequests.filter(isMeant)
    snapshotRequests.removeAll(where: isMeant)
    for request in ended { request.answer.succeed(answer) }
  }
}
