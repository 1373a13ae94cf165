// Who else is there.
extension Store {
  /// The other pods of the topic that have been heard of lately, by node ID. A pod that closes is gone at once; one that
  /// falls silent, after six sync intervals. O(members).
  ///
  /// Pods of the Go library are not among them: they say nothing but what they write.
  public var members: [Member] { core.members }

  /// The members as they are now, and anew whenever one comes, goes or has caught up.
  ///
  /// A slow consumer skips lists that are outdated. It ends when the consuming task is cancelled or the store is closed.
  /// Several may be in use at the same time.
  public func memberUpdates() -> AsyncStream<[Member]> {
    core.memberUpdates.subscribe { core.members }
  }
}
