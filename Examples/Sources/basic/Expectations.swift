/// Something is not as the example says.
struct Unexpected: Error, CustomStringConvertible {
  let what: String
  var description: String { "not so: \(what)" }
}

func step(_ title: String) {
  print("\n\(title).")
}

/// Prints what holds, and throws if it does not.
func expect(_ condition: Bool, _ what: String) throws {
  guard condition else { throw Unexpected(what: what) }
  print("  ✓ \(what)")
}

func describe(_ limit: Basic.Limit?) -> String {
  limit.map { "\($0.requestsPerSecond) requests a second" } ?? "nothing"
}
