extension Replica where Storage: ~Copyable {
  /// Whether some pod's whole state has been merged since this replica began.
  package var isCaughtUp: Bool { catchUp.isCaughtUp }

  /// Whether joining has come to its end, whether or not anybody was there.
  package var isSettled: Bool { catchUp.isSettled }

  /// Asks all pods for what they hold. `id` is drawn at random. Returns the number under which the outbox will say that
  /// it was answered.
  @discardableResult
  package mutating func requestState(id: UInt64, outbox: inout Outbox<Value>) -> Int {
    catchUp.begin(id: id)
    outbox.append(.requestState(StateRequest(sender: identity, id: id)))
    return catchUp.searches
  }

  /// The network is there (again): asks for what was missed and sends what could not be sent.
  ///
  /// After an interruption that is everything: what others sent to this pod alone, they may have lost since.
  package mutating func connected(requestID: UInt64, outbox: inout Outbox<Value>) {
    if !isConnected { unsent.formUnion(storage.snapshot().keys) }
    isConnected = true
    requestState(id: requestID, outbox: &outbox)
    publishUnsent(&outbox)
  }

  /// The network is gone for now.
  package mutating func disconnected() {
    isConnected = false
  }

  /// Another pod asks for what this one holds.
  package mutating func receive(_ request: StateRequest, outbox: inout Outbox<Value>) {
    guard request.sender != identity else { return }
    if request.sender.nodeIDOrder(to: identity) == .same {
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    outbox.append(.answer(request))
    catchUp.heardOfAnother()
  }

  /// Takes in a part of what another pod holds.
  package mutating func receive(
    _ chunk: StateChunk, entries: [Write<Value>], wall: Timestamp, outbox: inout Outbox<Value>
  ) {
    guard chunk.sender != identity else { return }
    receive(entries: entries, wall: wall, outbox: &outbox)
    guard let context = catchUp.received(chunk) else { return }
    self.context.formUnion(context)
    outbox.append(.answered(search: catchUp.searches))
    if catchUp.merged(fromSettledPod: chunk.isSettled) { outbox.append(.caughtUp) }
  }

  /// Takes in entries that a transport had kept.
  package mutating func receive(saved entries: [Write<Value>], wall: Timestamp, outbox: inout Outbox<Value>) {
    receive(entries: entries, wall: wall, outbox: &outbox)
  }

  /// Nobody answered for as long as joining may take.
  package mutating func joinDeadlineReached(outbox: inout Outbox<Value>) {
    if catchUp.deadlineReached() { outbox.append(.caughtUp) }
  }

  /// One sync interval has passed. `requestID` is drawn at random.
  package mutating func tick(requestID: UInt64, outbox: inout Outbox<Value>) {
    guard isConnected else { return }
    if let id = catchUp.tick(fresh: requestID) {
      outbox.append(.requestState(StateRequest(sender: identity, id: id)))
    }
    publishUnsent(&outbox)
  }

  /// A transport did not take these keys' entries: they are sent again with the next tick.
  package mutating func publishFailed(_ keys: some Sequence<Key>) {
    unsent.formUnion(keys)
  }

  /// Sends what a transport had not taken.
  package mutating func publishUnsent(_ outbox: inout Outbox<Value>) {
    guard !unsent.isEmpty else { return }
    outbox.append(.publishUnsent)
  }

  /// Takes out the keys whose entries must be sent again, for whoever is about to do so.
  package mutating func takeUnsent() -> [Key] {
    defer { unsent = [] }
    return Array(unsent)
  }
}
