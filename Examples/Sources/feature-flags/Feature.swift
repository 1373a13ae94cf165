/// A feature that can be switched, as the program knows it: its name among the flags, and what holds while nobody has
/// set one.
struct Feature: Sendable {
  let name: String
  let isOnByDefault: Bool

  static let newCheckout = Feature(name: "new-checkout", isOnByDefault: false)
  static let recommendations = Feature(name: "recommendations", isOnByDefault: true)
}
