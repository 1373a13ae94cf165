import ArgumentParser
import PodShareP2P

/// Addresses as one argument: `HOST:PORT`, or several with commas between them.
struct PeerList: Sendable, Equatable {
  let addresses: [PeerAddress]

  init(parsing text: String) throws {
    addresses = try text.split(separator: ",").map { part in
      let text = part.trimmingPrefix { $0 == " " }
      guard let address = PeerAddress(String(text)), address.port > 0 else {
        throw ValidationError("\(Word.quoted(String(text))) is no HOST:PORT")
      }
      return address
    }
  }
}
