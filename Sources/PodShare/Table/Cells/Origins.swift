/// The authors of the entries in the table, each once, however many entries name it.
///
/// Belongs to the writer. A cell holds the bare address of its author, so that a million entries of one pod do not count
/// references to it; the number of cells that name it is kept here, and an author whom none names any more is let go.
/// Readers only look at `identity`, which never changes, and only while they hold a cell that names the author.
final class Origins {
  final class Origin {
    let identity: PodIdentity
    fileprivate var cells = 0

    init(_ identity: PodIdentity) {
      self.identity = identity
    }
  }

  private var origins: [PodIdentity: Origin] = [:]
  /// Most often the next entry is by the same pod.
  private var last: Origin?

  /// The author as a cell names it, one more cell counted.
  func use(_ identity: PodIdentity) -> Unmanaged<Origin> {
    let origin: Origin
    if let last, last.identity == identity {
      origin = last
    } else if let known = origins[identity] {
      origin = known
      last = known
    } else {
      origin = Origin(identity)
      origins[identity] = origin
      last = origin
    }
    origin.cells += 1
    return .passUnretained(origin)
  }

  /// A cell that named it is gone for all threads.
  func release(_ origin: Unmanaged<Origin>) {
    let isLast = origin._withUnsafeGuaranteedRef { origin in
      origin.cells -= 1
      return origin.cells == 0
    }
    guard isLast else { return }
    let identity = origin._withUnsafeGuaranteedRef(\.identity)
    if last?.identity == identity { last = nil }
    origins[identity] = nil
  }

  /// How many authors are named.
  var count: Int { origins.count }
}
