// Heartbeats: who is there, and how far they are. What they say decides what is done next.
extension Replica where Storage: ~Copyable {
  /// Whether this replica held what the others held that it had heard of when it joined.
  package var isCaughtUp: Bool { healing.isCaughtUp }

  /// Whether joining has come to its end, whether or not anybody was there.
  package var isSettled: Bool { healing.isSettled }

  /// Whether of all who have joined and were heard of just now this pod comes first: what one of them must do is then for
  /// this one to do.
  package var isLeast: Bool {
    healing.isSettled
      && !healing.members.all.contains {
        $0.heartbeat.isSettled && $0.lastHeard >= healing.tick - 1 && $0.identity.precedes(identity)
      }
  }

  /// Whether somebody has not been heard of for some time who has not said goodbye.
  package var isAnybodySilent: Bool { healing.members.all.contains { $0.lastHeard < healing.tick - 1 } }

  /// The other pods that have been heard of lately.
  var members: [Members.Member] { healing.members.all }

  /// The network is there, for the first time or again.
  ///
  /// - Parameter others: How many other pods there are, if that is known yet.
  package mutating func connected(others: Int? = nil, outbox: inout Outbox<Value>) {
    isConnected = true
    healing.members.forgetSettledDifferences()
    lookAround(others: others, &outbox)
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
    healing.tick += 1
    healing.comparisonsBegun = 0
    healing.hasOfferedContext = false
    healing.allowance.renew()
    if healing.members.removeSilent(since: healing.tick - Healing.memory) {
      counters.healing.vanished += 1
      outbox.append(.membersChanged)
    }
    guard isConnected else { return }
    abandonWhatStopped(&outbox)
    sendHeartbeat(wantsReply: healing.members.all.isEmpty || !healing.isSettled, outbox: &outbox)
    publishUnsent(&outbox)
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

  mutating func sendHeartbeat(
    to receiver: PodIdentity? = nil, wantsReply: Bool = false, outbox: inout Outbox<Value>
  ) {
    healing.counter += 1
    healing.contextHash = context.digest
    let heartbeat = SyncMessage.Heartbeat(
      counter: healing.counter, root: digest.root, tombstones: digest.tombstones,
      contextHash: healing.contextHash,
      lastSequence: options.announcesNumbers ? lastSequence : identity.incarnation,
      isSettled: healing.isSettled, isCaughtUp: healing.isCaughtUp, wantsReply: wantsReply)
    outbox.append(.send(.heartbeat(heartbeat), to: receiver))
  }

  mutating func receive(
    _ heartbeat: SyncMessage.Heartbeat, from sender: PodIdentity, wall: Timestamp, outbox: inout Outbox<Value>
  ) {
    let known = healing.members[sender]
    if let known, known.heartbeat.counter >= heartbeat.counter { return }
    if known == nil, sender.hasNodeID(of: identity), heartbeat.wantsReply {
      // Not just the last words of this pod's predecessor.
      outbox.append(.report(.duplicateNodeID(identity.nodeID)))
    }
    var member =
      known ?? Members.Member(identity: sender, heartbeat: heartbeat, lastHeard: healing.tick, lastSeen: wall)
    member.heartbeat = heartbeat
    member.lastHeard = healing.tick
    member.lastSeen = wall
    if heartbeat.isSettled, heartbeat.root == digest.root { member.lastEqual = wall }
    healing.members[sender] = member
    let hasJustJoined = heartbeat.isSettled && known?.heartbeat.isSettled != true
    noteAnswer(of: sender, root: heartbeat.root, hasJustJoined: hasJustJoined, &outbox)
    if known?.heartbeat.isCaughtUp != heartbeat.isCaughtUp { outbox.append(.membersChanged) }
    if heartbeat.wantsReply, healing.allowance.grant(.heartbeat, to: sender) {
      sendHeartbeat(to: sender, outbox: &outbox)
    }

    guard healing.isSettled || heartbeat.isSettled else { return }
    if !healing.isSettled {
      joinFrom(sender, outbox: &outbox)
    } else if heartbeat.isSettled {
      if heartbeat.root == digest.root {
        agree(with: member, outbox: &outbox)
      } else {
        compare(with: [member], &outbox)
      }
    }
    wakeIfNumbersAreMissing(of: sender, &outbox)
  }

  /// Another pod holds what this one holds.
  private mutating func agree(with member: Members.Member, outbox: inout Outbox<Value>) {
    catchUp(with: member.identity, outbox: &outbox)
    finishSearches(upTo: healing.searches, &outbox)
    guard member.heartbeat.tombstones == digest.tombstones,
      member.heartbeat.contextHash != healing.contextHash,
      !healing.hasOfferedContext
    else { return }
    let hash = context.digest
    healing.contextHash = hash
    guard member.heartbeat.contextHash != hash else { return }
    healing.hasOfferedContext = true
    outbox.append(.send(.context(contextOffer(wantsReply: true)), to: member.identity))
  }

  private mutating func contextOffer(wantsReply: Bool) -> SyncMessage.ContextOffer {
    SyncMessage.ContextOffer(
      root: digest.root, tombstones: digest.tombstones, context: context, wantsReply: wantsReply)
  }

  /// If two pods hold the same entries and tombstones, then the effect of whatever one has seen is in both tables. Equal
  /// live entries would not do: the one might lack a delete, and then take no notice of it when it comes.
  mutating func receive(
    _ offer: SyncMessage.ContextOffer, from sender: PodIdentity, outbox: inout Outbox<Value>
  ) {
    guard offer.root == digest.root, offer.tombstones == digest.tombstones, healing.isSettled else { return }
    recorded.formUnion(offer.context)
    guard offer.wantsReply, context != offer.context, healing.allowance.grant(.context, to: sender)
    else { return }
    outbox.append(.send(.context(contextOffer(wantsReply: false)), to: sender))
  }

  /// This replica holds what another held.
  mutating func catchUp(with peer: PodIdentity, outbox: inout Outbox<Value>) {
    healing.notCompared.remove(peer)
    healing.hasFoundSomebody = true
    if healing.notCompared.isEmpty { becomeCaughtUp(&outbox) }
  }

  mutating func becomeCaughtUp(_ outbox: inout Outbox<Value>) {
    guard !healing.isCaughtUp, healing.lookingAround == nil else { return }
    healing.isCaughtUp = true
    outbox.append(.caughtUp)
    // For whoever waits for it in the list of members.
    sendHeartbeat(outbox: &outbox)
  }

  mutating func finishSearches(upTo search: Int, _ outbox: inout Outbox<Value>) {
    guard search > healing.searchesDone else { return }
    healing.searchesDone = search
    outbox.append(.answered(search: search))
  }

  /// The end of joining, with what has come by then.
  mutating func settle(_ outbox: inout Outbox<Value>) {
    healing.joining = nil
    healing.unreliableSources = []
    healing.isSettled = true
    noteWhoDiffers()
    sendHeartbeat(outbox: &outbox)
  }

  /// Takes note of some pods that may hold more.
  mutating func noteWhoDiffers() {
    let root = digest.root
    let others = healing.members.all.filter { $0.heartbeat.isSettled && $0.heartbeat.root != root }
    healing.notCompared = Set(
      others.map(\.identity).shuffled(using: &healing.random).prefix(Healing.comparedWithWhenJoining))
  }

  private mutating func abandonWhatStopped(_ outbox: inout Outbox<Value>) {
    if !healing.notCompared.isEmpty {
      // Who is gone holds nothing that can be waited for. But that all are gone is not to have found anybody.
      let since = healing.tick - Healing.patience
      healing.notCompared.formIntersection(
        healing.members.all.filter { $0.lastHeard >= since }.map(\.identity))
      if healing.notCompared.isEmpty, healing.hasFoundSomebody { becomeCaughtUp(&outbox) }
    }
    lookAfterComparison(&outbox)
    lookAfterStream(&outbox)
    lookAfterLoaded(&outbox)
  }
}
