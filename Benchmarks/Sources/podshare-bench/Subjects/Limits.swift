/// The value of most figures: small, with a string that does not fit into the struct.
struct Limits: Codable, Sendable, Equatable {
  var rateLimit: Int
  var name: String

  init(_ number: Int) {
    rateLimit = number
    name = "limits of tenant \(number)"
  }
}
