import ArgumentParser
import Foundation
import PodShareP2P
import Story

@main
struct P2P: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "p2p",
    abstract: "Pods that are processes of their own and share a dictionary over TCP.",
    discussion: """
      Without options it starts pods, kills one, and checks what the others make of it. With --listen it is one pod:

        p2p --node ann --listen 127.0.0.1:9101
        p2p --node bob --listen 127.0.0.1:9102 --peers 127.0.0.1:9101

      Then write in either terminal: set KEY VALUE, delete KEY, show. Ctrl-D ends a pod with a goodbye, Ctrl-C without.
      """
  )

  @Option(help: "The pod's name; at random if there is none.")
  var node: String?

  @Option(
    help: ArgumentHelp("Where to listen for other pods; port 0 is any free one.", valueName: "host:port"),
    transform: { text in
      guard let address = PeerAddress(text) else { throw ValidationError("An address is HOST:PORT.") }
      return address
    })
  var listen: PeerAddress?

  @Option(help: ArgumentHelp("Pods to dial, separated by commas.", valueName: "host:port,…"))
  var peers: PeerList?

  func validate() throws {
    guard listen != nil || (node == nil && peers == nil) else {
      throw ValidationError("A pod needs --listen HOST:PORT.")
    }
  }

  func run() async throws {
    guard let listen else { return await tell(PodsStory.run) }
    try await PodProcess(node: node, listen: listen, peers: peers?.addresses ?? []).run()
  }
}

struct PeerList: ExpressibleByArgument {
  let addresses: [PeerAddress]

  init?(argument: String) {
    let addresses = argument.split(separator: ",").map { PeerAddress(String($0)) }
    guard !addresses.contains(nil) else { return nil }
    self.addresses = addresses.compactMap(\.self)
  }
}
