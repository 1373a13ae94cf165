// What a transport has kept, for pods that come when nobody else is there.
extension Replica where Storage: ~Copyable {
  /// What a transport has kept is about to be taken in. ``endLoading()`` must follow.
  package mutating func beginLoading() { healing.isLoading = true }

  /// It has been taken in, or cannot be.
  package mutating func endLoading() { healing.isLoading = false }

  /// All that a transport had kept has been taken in. What others hold beyond it, comparing with them will show.
  ///
  /// - Parameters:
  ///   - theirs: What those have seen who kept it; nil if that is not known, because nobody has gone through it yet.
  ///   - missing: Keys of entries here that were not among it.
  package mutating func loaded(_ theirs: CausalContext?, missing: Set<Key>, outbox: inout Outbox<Value>) {
    healing.loaded = Healing.Loaded(
      context: theirs ?? CausalContext(), missing: missing, tick: healing.tick)
    // Else somebody may be about to put it there, and sends all of it sooner.
    if theirs != nil, !healing.isSettled { settle(&outbox) }
  }

  /// Sees to it that what was kept beside the entries is used or forgotten.
  mutating func lookAfterLoaded(_ outbox: inout Outbox<Value>) {
    guard let loaded = healing.loaded, healing.tick - loaded.tick > Healing.patience else { return }
    trustWhatWasKept(&outbox)
    healing.loaded = nil
  }

  /// If nobody else has been heard of since it was taken in, what was kept is all there is: what is missing from it that
  /// those had seen who kept it, they had seen deleted. If others are there, it is for them to say: somebody may have
  /// removed a field by hand.
  mutating func trustWhatWasKept(_ outbox: inout Outbox<Value>) {
    guard let loaded = healing.loaded, !healing.members.all.contains(where: { $0.lastHeard >= loaded.tick })
    else { return }
    healing.loaded = nil
    drop(loaded.missing, seenBy: loaded.context, outbox: &outbox)
    recorded.formUnion(loaded.context)
    healing.hasFoundSomebody = true
    healing.notCompared = []
    becomeCaughtUp(&outbox)
  }
}
