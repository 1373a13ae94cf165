import PodShare
import PodShareNetworking

/// Which pods this one is to be linked with, and how it is, as a value: addresses to dial, links, and what address leads
/// to whom. It is told what became of things, and says what is to be done.
///
/// Two pods that list each other dial each other, and one pod may be listed under two names; one link is kept all the
/// same. Only who has dialled a link ends it for another: of two links dialled by both sides, that of the pod with the
/// lesser identity goes; of two dialled by one side, the later one. So the two sides never end both.
struct MeshState {
  typealias LinkID = UInt64

  enum Action: Equatable {
    case dial(PeerAddress)
    case dialLater(PeerAddress, after: Duration)
    /// Tell the other side, write what is queued, and close.
    case end(LinkID, LinkEnd)
    /// The first link with this pod.
    case connected(PodIdentity)
    /// The last one is gone.
    case disconnected(PodIdentity)
  }

  private enum Dial: Equatable {
    /// A try is due at some time.
    case waiting
    case dialling
    /// A link that this pod dialled, greeted or not.
    case linked(LinkID)
    /// This pod is linked with whom it leads to by another link.
    case covered
  }

  private struct Peer {
    var dial = Dial.waiting
    var failures = 0
    /// Whom it led to the last time.
    var pod: PodIdentity?
  }

  private struct Link {
    let pod: PodIdentity
    /// Where this pod dialled it; nil if it came from the other side.
    let address: PeerAddress?
    var isRedundant = false
  }

  private let identity: PodIdentity
  private let backoff: Backoff
  private var peers: [PeerAddress: Peer] = [:]
  private var links: [LinkID: Link] = [:]
  /// In the order in which they came to be, for each pod.
  private var linksOfPods: [PodIdentity: [LinkID]] = [:]
  /// Node IDs of pods whose address was removed: they may not come back by themselves.
  private var banned: Set<Key> = []

  init(identity: PodIdentity, backoff: Backoff) {
    self.identity = identity
    self.backoff = backoff
  }

  /// The addresses that are wanted, sorted.
  var addresses: [PeerAddress] { peers.keys.sorted { $0.description < $1.description } }

  var pods: [PodIdentity] { Array(linksOfPods.keys) }

  /// Where messages to this pod go: the newest link that nobody has declared redundant.
  func primaryLink(to pod: PodIdentity) -> LinkID? {
    guard let ids = linksOfPods[pod] else { return nil }
    return ids.last { links[$0]?.isRedundant == false } ?? ids.last
  }

  var primaryLinks: [LinkID] { linksOfPods.keys.compactMap { primaryLink(to: $0) } }

  /// Where it dialled the pod, if it did, or knows from before.
  func address(of pod: PodIdentity) -> PeerAddress? {
    peers.first { $0.value.pod == pod }?.key
  }

  /// Whether a first try to reach each peer has come to its end, one way or the other.
  var hasTriedAll: Bool {
    peers.values.allSatisfy { peer in
      switch peer.dial {
      case .waiting: peer.failures > 0
      case .dialling: false
      case .linked(let id): links[id] != nil
      case .covered: true
      }
    }
  }

  // MARK: Peers

  mutating func add(_ address: PeerAddress) -> [Action] {
    guard peers[address] == nil else { return [] }
    peers[address] = Peer(dial: .dialling)
    return [.dial(address)]
  }

  /// - Parameter bans: whether the pod that was there is refused when it comes by itself.
  mutating func remove(_ address: PeerAddress, bans: Bool) -> [Action]? {
    guard let peer = peers.removeValue(forKey: address) else { return nil }
    var ends: Set<LinkID> = []
    if case .linked(let id) = peer.dial { ends.insert(id) }
    if let pod = peer.pod, pod != identity, !peers.values.contains(where: { $0.pod == pod }) {
      ends.formUnion(linksOfPods[pod] ?? [])
      if bans, pod.hasKnownIncarnation { banned.insert(Key(pod.nodeID)) }
    }
    return ends.sorted().map { .end($0, .farewell(byPeer: false)) }
  }

  // MARK: Dialling

  /// The time that `dialLater` spoke of has come.
  mutating func isDue(_ address: PeerAddress) -> [Action] {
    guard peers[address]?.dial == .waiting else { return [] }
    if let pod = peers[address]?.pod, linksOfPods[pod] != nil {
      peers[address]?.dial = .covered
      return []
    }
    peers[address]?.dial = .dialling
    return [.dial(address)]
  }

  /// There is a connection; who is at its other end will be seen. False if it is not wanted any more.
  mutating func dialled(_ address: PeerAddress, _ id: LinkID) -> Bool {
    guard peers[address]?.dial == .dialling else { return false }
    peers[address]?.dial = .linked(id)
    return true
  }

  mutating func dialFailed(_ address: PeerAddress, using generator: inout some RandomNumberGenerator)
    -> [Action]
  {
    guard peers[address]?.dial == .dialling else { return [] }
    return dialLater(address, using: &generator)
  }

  private mutating func dialLater(
    _ address: PeerAddress, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    guard peers[address] != nil else { return [] }
    peers[address]?.failures += 1
    peers[address]?.dial = .waiting
    return [
      .dialLater(address, after: backoff.delay(after: peers[address]?.failures ?? 1, using: &generator))
    ]
  }

  /// The pod at this address is this one. The address is looked at again once in a while: it may come to lead elsewhere.
  mutating func reachedItself(at address: PeerAddress) -> [Action] {
    guard peers[address] != nil else { return [] }
    peers[address]?.pod = identity
    peers[address]?.failures += 1
    peers[address]?.dial = .waiting
    return [.dialLater(address, after: Self.pauseAfterReachingItself)]
  }

  private static var pauseAfterReachingItself: Duration { .seconds(30) }

  // MARK: Links

  /// Whether the address led to a pod of this library the last time: if nobody says anything there now, it is that pod,
  /// and hangs.
  func isKnownPod(at address: PeerAddress?) -> Bool {
    guard let address, let pod = peers[address]?.pod else { return false }
    return pod.hasKnownIncarnation
  }

  /// A link has come to be, dialled at an address or, if there is none, by the other side. What it was taken for before
  /// is forgotten.
  mutating func established(_ id: LinkID, with pod: PodIdentity, dialledAt address: PeerAddress?) -> [Action]
  {
    if address == nil, banned.contains(Key(pod.nodeID)) { return [.end(id, .removed)] }
    if let address {
      // Removed meanwhile.
      guard peers[address] != nil else { return [.end(id, .farewell(byPeer: false))] }
      peers[address]?.pod = pod
      peers[address]?.failures = 0
      banned.remove(Key(pod.nodeID))
    }
    let left = forget(id).map { [Action.disconnected($0)] } ?? []
    links[id] = Link(pod: pod, address: address)
    let isFirst = linksOfPods[pod] == nil
    linksOfPods[pod, default: []].append(id)
    return left + (isFirst ? [.connected(pod)] : redundantLinks(to: pod).map { .end($0, .redundant) })
  }

  /// Takes a link out. Returns the pod whose last one it was.
  private mutating func forget(_ id: LinkID) -> PodIdentity? {
    guard let link = links.removeValue(forKey: id) else { return nil }
    linksOfPods[link.pod]?.removeAll { $0 == id }
    guard linksOfPods[link.pod]?.isEmpty == true else { return nil }
    linksOfPods[link.pod] = nil
    return link.pod
  }

  /// Those that this pod is to end, of those that it has dialled.
  private mutating func redundantLinks(to pod: PodIdentity) -> [LinkID] {
    let live = (linksOfPods[pod] ?? []).filter { links[$0]?.isRedundant == false }
    let own = live.filter { links[$0]?.address != nil }
    let isAnyFromThere = own.count < live.count
    // Of one's own the first stays, and that too only if there is none of the other side's, or its word counts less.
    let redundant = isAnyFromThere && precedes(pod) ? own[...] : own.dropFirst()
    for id in redundant { links[id]?.isRedundant = true }
    return Array(redundant)
  }

  private func precedes(_ other: PodIdentity) -> Bool {
    switch identity.nodeIDOrder(to: other) {
    case .before: true
    case .after: false
    case .same: identity.incarnation < other.incarnation
    }
  }

  /// The other side uses another link from now on.
  mutating func useOther(than id: LinkID) { links[id]?.isRedundant = true }

  /// A link is gone, or never came to be.
  mutating func closed(
    _ id: LinkID, dialledAt address: PeerAddress?, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    var actions: [Action] = []
    if let pod = forget(id) {
      actions.append(.disconnected(pod))
      // What led to it by other names is dialled again, too.
      for (other, peer) in peers where peer.pod == pod && peer.dial == .covered {
        actions += dialLater(other, using: &generator)
      }
    }
    if let address, peers[address]?.dial == .linked(id) {
      if let pod = peers[address]?.pod, linksOfPods[pod] != nil {
        peers[address]?.dial = .covered
      } else {
        actions += dialLater(address, using: &generator)
      }
    }
    return actions
  }
}
