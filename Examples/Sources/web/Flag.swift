/// What the pods share: one feature flag.
struct Flag: Codable, Equatable, Sendable {
  /// Whether the feature is on at all.
  var enabled: Bool

  /// For how many of a hundred users it is on.
  var rollout: Int

  /// What the flag is for, in a few words.
  var note: String
}

extension Flag {
  static let rolloutRange = 0...100
  static let longestNote = 200

  /// What is wrong with this flag, in words for the person who typed it; `nil` when nothing is.
  var problem: String? {
    guard Self.rolloutRange.contains(rollout) else {
      return "The rollout is \(rollout); it must lie between 0 and 100 percent."
    }
    guard note.count <= Self.longestNote else {
      return "The note has \(note.count) characters; at most \(Self.longestNote) are allowed."
    }
    return nil
  }
}

extension Flag {
  /// What the fleet starts with.
  static let seeds: [String: Flag] = [
    "checkout.one-page": Flag(enabled: true, rollout: 50, note: "Checkout on a single page"),
    "mail.weekly-digest": Flag(enabled: false, rollout: 100, note: "A digest every Monday morning"),
    "search.typo-tolerant": Flag(enabled: true, rollout: 100, note: "Forgive spelling mistakes"),
    "ui.dark-mode": Flag(enabled: true, rollout: 80, note: "Follow the system's colour scheme"),
  ]
}
