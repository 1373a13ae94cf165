/// As whom a connection logs in, and what it is called.
struct Login: Sendable, Equatable {
  var user: String?
  var password: String?
  var clientName: String
  var database: Int
}
