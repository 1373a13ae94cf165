/// The authors of the entries in the table, each once, however many entries name it.
///
/// Belongs to the writer. A cell holds the bare address of its author, so that a million entries of one pod do not count
/// references to it; the number of cells that name it is kept here, and an author whom none names any more is let go.
/// Readers only look at `identity`, which never changes, and only while they hold a cell that names the author.
final class Origins {
  final class Origin {
    let identity: PodIdentity
    // Not checked for overlapping access: it is the writer's alone, and lent to nobody.
    @exclusivity(unchecked) fileprivate var cells = 0

    init(_ identity: PodIdentity) {
      self.identity = identity
    }
  }

  private var origins: [PodIdentity: Origin] = [:]
  /// Most often the next entry is by the same pod. One of the above, and not counted.
  private var last: Unmanaged<Origin>?

  /// The author as a cell names it, one more cell counted.
  func use(_ identity: PodIdentity) -> Unmanaged<Origin> {
    if let last, last._withUnsafeGuaranteedRef({ $0.identity == identity }) {
      last._withUnsafeGuaranteedRef { $0.cells += 1 }
      return last
    }
    let origin = origins[identity] ?? Origin(identity)
    origins[identity] = origin
    origin.cells += 1
    let unmanaged = Unmanaged.passUnretained(origin)
    last = unmanaged
    return unmanaged
  }

  /// A cell that named it is gone for all threads.
  func release(_ origin: Unmanaged<Origin>) {
    let isLast = origin._withUnsafeGuaranteedRef { origin in
      origin.cells -= 1
      return origin.cells == 0
    }
    guard isLast else { return }
    let identity = origin._withUnsafeGuaranteedRef(\.identity)
    last = nil
    origins[identity] = nil
  }

  /// How many authors are named.
  var count: Int { origins.count }
}
