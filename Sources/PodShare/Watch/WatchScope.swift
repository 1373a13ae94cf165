/// Which keys a watch is about.
public struct WatchScope: Sendable {
  enum Kind: Sendable {
    case all
    case key(Key)
    case prefix(String)
    case matching(@Sendable (String) -> Bool)
  }

  let kind: Kind

  /// Every key.
  public static let all = WatchScope(kind: .all)

  /// One key. Costs writers of other keys nothing.
  public static func key(_ key: String) -> WatchScope {
    WatchScope(kind: .key(Key(key)))
  }

  /// Keys that begin with the bytes of `prefix`.
  public static func prefix(_ prefix: String) -> WatchScope {
    WatchScope(kind: .prefix(prefix))
  }

  /// Keys that a function says yes to. It runs where the events are consumed, so events it says no to take up
  /// buffer space until then.
  public static func matching(_ predicate: @escaping @Sendable (_ key: String) -> Bool) -> WatchScope {
    WatchScope(kind: .matching(predicate))
  }

  /// The key, if it is about a single one.
  var onlyKey: Key? {
    if case .key(let key) = kind { key } else { nil }
  }

  /// Whether it admits every key.
  var admitsAll: Bool {
    switch kind {
    case .all, .matching: true
    case .key, .prefix: false
    }
  }

  /// Decided where the event comes from.
  func admits(_ key: String) -> Bool {
    switch kind {
    case .all, .matching: true
    case .key(let wanted): wanted == Key(key)
    case .prefix(let prefix): key.utf8.starts(with: prefix.utf8)
    }
  }

  /// Decided where the event goes to.
  func accepts(_ key: String) -> Bool {
    if case .matching(let predicate) = kind { predicate(key) } else { true }
  }
}

/// Where a watch begins.
public struct WatchStart: Sendable, Hashable {
  private let name: String

  /// With the first change after `watch` was called.
  public static let now = WatchStart(name: "now")

  /// With one event for each entry there is, then with the changes after that: nothing in between is missing and
  /// nothing comes twice.
  public static let present = WatchStart(name: "present")
}

/// What happens to events that are not consumed as fast as they come.
public struct WatchBuffering: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case bounded(Int)
    case newestPerKey
  }

  let kind: Kind

  /// Up to `count` events wait, at least one. One more, and the watch ends with ``StoreError/Code/fellBehind`` after
  /// those that waited.
  public static func bounded(_ count: Int) -> WatchBuffering {
    WatchBuffering(kind: .bounded(max(1, count)))
  }

  /// Only the newest event of each key waits: a slow consumer skips what is outdated and is never cut off. At most
  /// as many events wait as there are keys.
  public static let newestPerKey = WatchBuffering(kind: .newestPerKey)
}
