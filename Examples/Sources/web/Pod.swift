import PodShare
import PodShareTestKit

/// One pod: its connection to the network, its copy of the flags, and the port of its page.
struct Pod: Sendable {
  let name: String
  let port: Int
  let transport: FaultyTransport<MemoryTransport>
  let store: Store<Flag>

  func url(host: String) -> String {
    // An IPv6 address goes in brackets in a URL.
    host.contains(":") ? "http://[\(host)]:\(port)/" : "http://\(host):\(port)/"
  }
}
