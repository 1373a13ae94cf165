/// Why a text is not JSON, and where.
struct JSONError: Error, Equatable, CustomStringConvertible {
  let message: String
  /// How many bytes stand before the place.
  let offset: Int

  var description: String { "not JSON: \(message) at byte \(offset)" }
}
