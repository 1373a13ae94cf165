/// The authors of a chunk's entries: each is written out once, and by its number from then on.
struct ChunkAuthors {
  /// How a chunk names an author.
  enum Name {
    case number(Int)
    /// It is written out, which gives it the next number.
    case identity(PodIdentity)

    @_lifetime(output: copy output)
    func write(to output: inout OutputRawSpan) {
      switch self {
      case .number(let number): output.writeVarint(UInt64(number))
      case .identity(let identity):
        output.writeVarint(0)
        output.writeIdentity(identity)
      }
    }

    var maxBytes: Int {
      switch self {
      case .number: WireLimits.varintBytes
      case .identity(let identity): 1 + 1 + identity.nodeID.utf8.count + 8
      }
    }
  }

  private var numbers: [PodIdentity: Int] = [:]
  /// Mostly the next is the same.
  private var last: (author: PodIdentity, number: Int)?

  mutating func name(of author: PodIdentity) -> Name {
    if let last, last.author == author { return .number(last.number) }
    if let number = numbers[author] {
      last = (author, number)
      return .number(number)
    }
    let number = numbers.count + 1
    numbers[author] = number
    last = (author, number)
    return .identity(author)
  }
}

/// A version as a chunk names it.
struct ChunkVersion {
  private let version: Version
  private let author: ChunkAuthors.Name

  init(_ version: Version, _ authors: inout ChunkAuthors) {
    self.version = version
    author = authors.name(of: version.author)
  }

  @_lifetime(output: copy output)
  func write(to output: inout OutputRawSpan) {
    output.writeInteger(version.timestamp.nanoseconds)
    author.write(to: &output)
    output.writeInteger(version.sequence)
  }

  var maxBytes: Int { 8 + author.maxBytes + 8 }
}
