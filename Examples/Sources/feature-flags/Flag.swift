/// What the fleet has decided about a feature.
struct Flag: Codable, Equatable, Sendable {
  /// The share of users who have the feature, in percent: 0 is nobody, 100 everybody.
  var rollout: Int

  /// Whether a user is among them. Says the same on every pod, each time: a user who is in stays in while the share
  /// grows, because a user's place does not change, only how many places are in.
  func includes(_ user: String, in feature: Feature) -> Bool {
    Self.place(of: user, in: feature) < rollout
  }

  /// Where a user stands in a feature's roll-out, from 0 to 99. The feature is part of it, so that it is not always
  /// the same users who get everything first.
  static func place(of user: String, in feature: Feature) -> Int {
    // No UTF-8 has the byte 255, so no two pairs of names run together into the same bytes.
    Int(stableHash(of: Array(feature.name.utf8) + [255] + Array(user.utf8)) % 100)
  }
}
