extension Store {
  /// Watches changes as they are applied to this pod's replica, its own included.
  ///
  /// ```swift
  /// for try await event in store.watch(.prefix("ws:"), from: .present) {
  ///   print(event.change, event.key, event.origin)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - scope: Which keys. Default: all.
  ///   - start: With the next change, or with what is there already. Default: with the next change.
  ///   - buffering: What happens when the consumer is slow. Default: ``StoreConfiguration/watchBuffer`` events wait,
  ///     and one more ends the watch with `fellBehind`.
  /// - Returns: The sequence of events. The watch is in force already.
  public func watch(
    _ scope: WatchScope = .all, from start: WatchStart = .now, buffering: WatchBuffering? = nil
  ) -> Watch<Value> {
    let buffering = buffering ?? .bounded(core.configuration.watchBuffer)
    let registration = core.state.withLock { state in
      // Under the write lock, so that what is there now and what comes after it fit together without a seam.
      let present = start == .present ? core.present(in: scope) : .none
      return core.register(scope, buffering: buffering, present: present, &state)
    }
    return Watch(registration: registration)
  }

  /// The present value of a key, then each newer one; `nil` while there is none.
  ///
  /// ```swift
  /// for await limit in store.values(of: "limit") { limiter.update(limit ?? .unlimited) }
  /// ```
  public func values(of key: String) -> ValueSequence<Value> {
    core.state.withLock { state in
      let registration = core.register(
        .key(key), buffering: .newestPerKey, present: .none, &state)
      let present = core.table.entry(forKey: Key(key))?.value?.value(as: Value.self)
      return ValueSequence(present: present, registration: registration)
    }
  }
}

extension StoreCore {
  fileprivate func present(in scope: WatchScope) -> PresentEntries {
    guard case .key(let key) = scope.kind else { return .all(table.snapshot().makeIterator()) }
    return table.entry(forKey: key).map { .one(key, $0) } ?? .none
  }

  fileprivate func register(
    _ scope: WatchScope, buffering: WatchBuffering, present: PresentEntries, _ state: inout State
  ) -> WatchRegistration {
    let watcher = Watcher(
      scope: scope, buffering: buffering, firstEvent: state.outbox.eventCount, present: present)
    events.add(watcher)
    state.outbox.isWatched = true
    return WatchRegistration(watcher, in: events)
  }
}
