/// Bytes that are no Redis protocol.
struct RESPError: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
