/// Addresses of peers as people write them.
enum PeerList {
  struct NoAddress: Error {
    let text: String
    let needsPort: Bool

    var words: String {
      "\(text.debugDescription) is no address: expected HOST:PORT" + (needsPort ? "" : " or HOST")
        + ", an IPv6 address in brackets"
    }
  }

  /// Reads one address, with or without its port if there is one to take instead.
  static func address(_ text: some StringProtocol, defaultPort: Int?) throws(NoAddress) -> PeerAddress {
    let text = String(text)
    let address = PeerAddress(text) ?? defaultPort.flatMap { PeerAddress("\(text):\($0)") }
    guard let address, address.port != 0 else {
      throw NoAddress(text: text, needsPort: defaultPort == nil)
    }
    return address
  }
}

extension StringProtocol {
  /// Without the white space at both ends.
  var trimmed: SubSequence {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
    return self[start..<end]
  }
}
