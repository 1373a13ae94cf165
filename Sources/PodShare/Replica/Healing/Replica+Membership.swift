// Heartbeats: who is there, and how far they are. What they say decides what is done next.
extension Replica where Storage: ~Copyable {
  /// Whether this replica held what some settled pod held.
  package var isCaughtUp: Bool { healing.isCaughtUp }

  /// Whether joining has come to its end, whether or not anybody was there.
  package var isSettled: Bool { healing.isSettled }

  /// The other pods that have been heard of lately.
  package var members: [PodIdentity] { healing.members.all.map(\.identity) }

  /// The network is there, for the first time or again.
  package mutating func connected(outbox: inout Outbox<Value>) {
    isConnected = true
    healing.members.forgetSettledDifferences()
    sendHeartbeat(wantsReply: true, outbox: &outbox)
    publishUnsent(&outbox)
  }

  /// The network is gone for now.
  package mutating func disconnected() {
    isConnected = false
    healing.comparing = nil
    healing.joining = nil
  }

  /// One sync interval has passed.
  package mutating func tick(outbox: inout Outbox<Value>) {
    guard isConnected else { return }
    healing.tick += 1
    healing.comparisonsBegun = 0
    healing.hasOfferedContext = false
    _ = healing.members.removeSilent(since: healing.tick - Healing.memory)
    abandonWhatStopped(&outbox)
    sendHeartbeat(wantsReply: healing.members.all.isEmpty || !healing.isSettled, outbox: &outbox)
    publishUnsent(&outbox)
    compareWithSomebody(&outbox)
    wakeIfNumbersAreMissing(&outbox)
  }

  /// Has this pod compared with another, even if nothing seems to differ. Returns the number under which the outbox will
  /// say that it was.
  package mutating func refresh(outbox: inout Outbox<Value>) -> Int {
    healing.searches += 1
    healing.members.forgetSettledDifferences()
    sendHeartbeat(wantsReply: true, outbox: &outbox)
    return healing.searches
  }

  /// This pod is about to go.
  package mutating func leave(outbox: inout Outbox<Value>) {
    guard isConnected else { return }
    sendHeartbeat(isLeaving: true, outbox: &outbox)
  }

  func heartbeat(wantsReply: Bool, isLeaving: Bool) -> SyncMessage.Heartbeat {
    SyncMessage.Heartbeat(
      counter: healing.counter, root: digest.root, contextHash: healing.contextHash,
      lastSequence: options.announcesNumbers ? lastSequence : identity.incarnation,
      isSettled: healing.isSettled, isCaughtUp: healing.isCaughtUp, wantsReply: wantsReply,
      isLeaving: isLeaving)
  }

  mutating func sendHeartbeat(
    to receiver: PodIdentity? = nil, wantsReply: Bool = false, isLeaving: Bool = false,
    outbox: inout Outbox<Value>
  ) {
    healing.counter += 1
    healing.contextHash = context.digest
    let heartbeat = heartbeat(wantsReply: wantsReply, isLeaving: isLeaving)
    outbox.append(.send(.heartbeat(heartbeat), to: receiver))
  }

  mutating func receive(
    _ heartbeat: SyncMessage.Heartbeat, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard !heartbeat.isLeaving else {
      healing.members[sender] = nil
      return
    }
    if let known = healing.members[sender], known.heartbeat.counter >= heartbeat.counter { return }
    if healing.members[sender] == nil, sender.nodeIDOrder(to: identity) == .same, heartbeat.wantsReply {
      // Not just the last words of this pod's predecessor.
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    var member =
      healing.members[sender]
      ?? Members.Member(identity: sender, heartbeat: heartbeat, lastHeard: healing.tick)
    member.heartbeat = heartbeat
    member.lastHeard = healing.tick
    healing.members[sender] = member
    if heartbeat.wantsReply { sendHeartbeat(to: sender, outbox: &outbox) }

    guard healing.isSettled || heartbeat.isSettled else { return }
    if !healing.isSettled {
      joinFrom(sender, outbox: &outbox)
    } else if heartbeat.isSettled {
      if heartbeat.root == digest.root {
        agree(with: member, outbox: &outbox)
      } else {
        compareWithSomebody(&outbox)
      }
    }
    wakeIfNumbersAreMissing(&outbox)
  }

  /// Another pod holds what this one holds.
  private mutating func agree(with member: Members.Member, outbox: inout Outbox<Value>) {
    becomeCaughtUp(&outbox)
    finishSearches(upTo: healing.searches, &outbox)
    guard member.heartbeat.contextHash != healing.contextHash, !healing.hasOfferedContext else { return }
    let hash = context.digest
    healing.contextHash = hash
    guard member.heartbeat.contextHash != hash else { return }
    healing.hasOfferedContext = true
    outbox.append(.send(.context(contextOffer(wantsReply: true)), to: member.identity))
  }

  private func contextOffer(wantsReply: Bool) -> SyncMessage.ContextOffer {
    SyncMessage.ContextOffer(
      root: digest.root, tombstones: digest.tombstones, context: context, wantsReply: wantsReply)
  }

  /// If two pods hold the same entries and tombstones, then the effect of whatever one has seen is in both tables. Equal
  /// live entries would not do: the one might lack a delete, and then take no notice of it when it comes.
  mutating func receive(
    _ offer: SyncMessage.ContextOffer, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard offer.root == digest.root, offer.tombstones == digest.tombstones, healing.isSettled else { return }
    context.formUnion(offer.context)
    guard offer.wantsReply, context != offer.context else { return }
    outbox.append(.send(.context(contextOffer(wantsReply: false)), to: sender))
  }

  mutating func becomeCaughtUp(_ outbox: inout Outbox<Value>) {
    guard !healing.isCaughtUp else { return }
    healing.isCaughtUp = true
    outbox.append(.caughtUp)
  }

  mutating func finishSearches(upTo search: Int, _ outbox: inout Outbox<Value>) {
    guard search > healing.searchesDone else { return }
    healing.searchesDone = search
    outbox.append(.answered(search: search))
  }

  private mutating func abandonWhatStopped(_ outbox: inout Outbox<Value>) {
    if let comparing = healing.comparing, healing.tick - comparing.lastProgress >= Healing.patience {
      healing.comparing = nil
    }
    if let joining = healing.joining, healing.tick - joining.lastProgress >= Healing.patience {
      healing.joining = nil
      healing.unreliableSources.insert(joining.source)
      joinFromSomebody(&outbox)
    }
  }
}
