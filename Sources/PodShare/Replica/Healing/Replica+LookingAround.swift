// Finding out who else is there, before a pod calls itself caught up.
extension Healing {
  /// Whoever answers first may hold nothing, or a part. So this pod is not caught up before all others have answered, if the
  /// transport can tell how many there are, or have had twice the time that the last of those who did had needed.
  struct LookingAround: Sendable {
    /// How many others there are, as far as the transport can tell.
    private var others: Int?
    /// How many looks were taken, one after each ``interval``.
    private var taken = 0
    private var needed = 2

    static let interval = Duration.milliseconds(25)
    /// One second: some of those who are counted may be dead.
    private static let limit = 40
    /// Half a second: in a large fleet that is starting, somebody new answers all the time.
    private static let limitIfUncounted = 20

    init(others: Int?) { self.others = others }

    mutating func noteAnswer() { needed = min(max(needed, 2 * (taken + 1)), Self.limitIfUncounted) }

    mutating func look(others: Int?) {
      self.others = others
      taken += 1
    }

    func isOver(answered: Int) -> Bool {
      if let others { answered >= others || taken >= Self.limit } else { taken >= needed }
    }
  }
}

extension Replica where Storage: ~Copyable {
  /// Asks who is there.
  mutating func lookAround(others: Int?, _ outbox: inout Outbox<Value>) {
    sendHeartbeat(wantsReply: true, outbox: &outbox)
    guard !healing.isCaughtUp else { return }
    healing.lookingAround = Healing.LookingAround(others: others)
    goOnLookingAround(&outbox)
  }

  /// Looks who has answered by now.
  ///
  /// - Parameter others: How many others the transport says there are; nil if it cannot tell.
  package mutating func look(others: Int?, outbox: inout Outbox<Value>) {
    healing.isLookDue = false
    healing.lookingAround?.look(others: others)
    goOnLookingAround(&outbox)
  }

  private mutating func goOnLookingAround(_ outbox: inout Outbox<Value>) {
    endLookingAroundIfOver(&outbox)
    guard healing.lookingAround != nil, !healing.isLookDue else { return }
    healing.isLookDue = true
    outbox.append(.look(after: Healing.LookingAround.interval))
  }

  /// A pod has told how far it is.
  mutating func noteAnswer(
    of pod: PodIdentity, root: UInt64, hasJustJoined: Bool, _ outbox: inout Outbox<Value>
  ) {
    guard healing.lookingAround != nil else { return }
    if hasJustJoined {
      healing.lookingAround?.noteAnswer()
      // What it holds must be here as well.
      if healing.isSettled, root != digest.root, healing.notCompared.count < Healing.comparedWithWhenJoining {
        healing.notCompared.insert(pod)
      }
    }
    endLookingAroundIfOver(&outbox)
  }

  private mutating func endLookingAroundIfOver(_ outbox: inout Outbox<Value>) {
    guard healing.lookingAround?.isOver(answered: healing.members.all.count) == true else { return }
    healing.lookingAround = nil
    if healing.isSettled, healing.hasFoundSomebody, healing.notCompared.isEmpty { becomeCaughtUp(&outbox) }
  }
}
