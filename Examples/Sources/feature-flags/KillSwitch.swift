/// Stops a feature for everybody, for as long as it is there.
///
/// It is no part of `Flag`, but has a store of its own. As a field of the flag it would be undone by the next pod that
/// writes the flag without having heard of it, one that was cut off for example: that write is the later one, and it
/// would replace the whole flag.
struct KillSwitch: Codable, Equatable, Sendable {
  var reason: String
}
