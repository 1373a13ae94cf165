import PodShareNetworking
import Testing

@testable import struct PodShare.PodIdentity
@testable import enum PodShareP2P.LinkEnd
@testable import struct PodShareP2P.MeshState
@testable import struct PodShareP2P.PeerAddress

@Suite("Whom to dial, and which link to keep", .timeLimit(.minutes(1)))
struct MeshStateTests {
  private static let a = PodIdentity(nodeID: "a", incarnation: 1)
  private static let b = PodIdentity(nodeID: "b", incarnation: 1)
  private static let backoff = Backoff(first: .milliseconds(50), limit: .seconds(1))

  /// Always the longest delay.
  private struct Longest: RandomNumberGenerator {
    mutating func next() -> UInt64 { .max }
  }

  private final class Mesh {
    var state: MeshState

    init(_ identity: PodIdentity = a) {
      state = MeshState(identity: identity, backoff: MeshStateTests.backoff)
    }

    func add(_ address: PeerAddress) -> [MeshState.Action] { state.add(address) }
    func remove(_ address: PeerAddress, bans: Bool = true) -> [MeshState.Action]? {
      state.remove(address, bans: bans)
    }
    func isDue(_ address: PeerAddress) -> [MeshState.Action] { state.isDue(address) }
    func dialled(_ address: PeerAddress, _ id: UInt64) -> Bool { state.dialled(address, id) }

    func established(_ id: UInt64, _ pod: PodIdentity, _ address: PeerAddress? = nil) -> [MeshState.Action] {
      state.established(id, with: pod, dialledAt: address)
    }

    func failed(_ address: PeerAddress) -> [MeshState.Action] {
      var generator = Longest()
      return state.dialFailed(address, using: &generator)
    }

    func closed(_ id: UInt64, _ address: PeerAddress? = nil) -> [MeshState.Action] {
      var generator = Longest()
      return state.closed(id, dialledAt: address, using: &generator)
    }

    func itself(_ address: PeerAddress) -> [MeshState.Action] { state.reachedItself(at: address) }
  }

  @Test("An address is dialled at once, again and again after failures, ever more seldom up to a limit")
  func redialling() {
    let mesh = Mesh()
    #expect(mesh.add("b:1") == [.dial("b:1")])
    #expect(mesh.add("b:1") == [], "adding it again does nothing")
    var delays: [Duration] = []
    for _ in 0..<8 {
      guard case .dialLater("b:1", let delay)? = mesh.failed("b:1").first else { break }
      delays.append(delay)
      #expect(mesh.isDue("b:1") == [.dial("b:1")])
    }
    #expect(delays.map { $0 / .milliseconds(1) } == [50, 100, 200, 400, 800, 1_000, 1_000, 1_000])
    #expect(mesh.dialled("b:1", 1))
    #expect(mesh.established(1, Self.b, "b:1") == [.connected(Self.b)])
    #expect(mesh.closed(1, "b:1") == [.disconnected(Self.b), .dialLater("b:1", after: .milliseconds(50))])
  }

  @Test("Jitter takes off up to a half")
  func jitter() {
    var generator = SystemRandomNumberGenerator()
    for failures in 1...40 {
      let full = min(.milliseconds(50) * (1 << min(failures - 1, 10)), .seconds(1))
      let delay = Self.backoff.delay(after: failures, using: &generator)
      #expect(delay >= full * 0.5 && delay <= full)
    }
  }

  @Test("Of two crossing links the one that the greater pod dialled stays; the lesser one ends its own")
  func crossing() {
    // As a sees it, in either order.
    for isOwnFirst in [true, false] {
      let mesh = Mesh(Self.a)
      _ = mesh.add("b:1")
      _ = mesh.dialled("b:1", 1)
      let first = isOwnFirst ? mesh.established(1, Self.b, "b:1") : mesh.established(2, Self.b)
      #expect(first == [.connected(Self.b)])
      let second = isOwnFirst ? mesh.established(2, Self.b) : mesh.established(1, Self.b, "b:1")
      #expect(second == [.end(1, .redundant)])
      #expect(mesh.state.primaryLink(to: Self.b) == 2)
      #expect(mesh.closed(1, "b:1") == [], "covered: not dialled again")
      #expect(mesh.closed(2) == [.disconnected(Self.b), .dialLater("b:1", after: .milliseconds(50))])
    }
    // As b sees it: it ends nothing, and goes over to the newest until a has said which.
    let mesh = Mesh(Self.b)
    _ = mesh.add("a:1")
    _ = mesh.dialled("a:1", 1)
    _ = mesh.established(1, Self.a, "a:1")
    #expect(mesh.established(2, Self.a) == [])
    mesh.state.useOther(than: 2)
    #expect(mesh.state.primaryLink(to: Self.a) == 1)
  }

  @Test("A pod that is listed under two names is linked once, and dialled by both again when it is gone")
  func twoNames() {
    let mesh = Mesh(Self.b)
    _ = mesh.add("a:1")
    _ = mesh.add("also-a:1")
    _ = mesh.dialled("a:1", 1)
    _ = mesh.dialled("also-a:1", 2)
    #expect(mesh.established(1, Self.a, "a:1") == [.connected(Self.a)])
    #expect(mesh.established(2, Self.a, "also-a:1") == [.end(2, .redundant)])
    #expect(mesh.closed(2, "also-a:1") == [])
    #expect(
      Set(mesh.closed(1, "a:1").map { "\($0)" }).count == 3,
      "disconnected, and both addresses are dialled again")
  }

  @Test(
    "Removing an address ends the link, whoever dialled it, and refuses the pod until the address is back")
  func removing() {
    let mesh = Mesh(Self.a)
    _ = mesh.add("b:1")
    _ = mesh.dialled("b:1", 1)
    _ = mesh.established(1, Self.b, "b:1")
    _ = mesh.established(2, Self.b)
    _ = mesh.closed(1, "b:1")
    #expect(mesh.remove("b:1") == [.end(2, .farewell(byPeer: false))])
    #expect(mesh.remove("b:1") == nil)
    #expect(mesh.closed(2) == [.disconnected(Self.b)])
    #expect(mesh.established(3, Self.b) == [.end(3, .removed)])
    #expect(mesh.add("b:1") == [.dial("b:1")])
    _ = mesh.dialled("b:1", 4)
    #expect(mesh.established(4, Self.b, "b:1") == [.connected(Self.b)])
  }

  @Test("An address that left the list by itself does not keep its pod from coming back")
  func leavingTheList() {
    let mesh = Mesh(Self.a)
    _ = mesh.add("b:1")
    _ = mesh.dialled("b:1", 1)
    _ = mesh.established(1, Self.b, "b:1")
    #expect(mesh.remove("b:1", bans: false) == [.end(1, .farewell(byPeer: false))])
    _ = mesh.closed(1, "b:1")
    #expect(mesh.established(2, Self.b) == [.connected(Self.b)])
  }

  @Test("Removing an address that is being dialled: what comes of it is not wanted")
  func removingWhileDialling() {
    let mesh = Mesh()
    _ = mesh.add("b:1")
    #expect(mesh.remove("b:1") == [])
    #expect(!mesh.dialled("b:1", 1))
    #expect(mesh.failed("b:1") == [])
    #expect(mesh.isDue("b:1") == [])
  }

  @Test("Its own address is left alone for a while")
  func itself() {
    let mesh = Mesh()
    _ = mesh.add("me:1")
    _ = mesh.dialled("me:1", 1)
    #expect(mesh.itself("me:1") == [.dialLater("me:1", after: .seconds(30))])
    #expect(mesh.closed(1, "me:1") == [])
    #expect(mesh.state.hasTriedAll)
  }
}
