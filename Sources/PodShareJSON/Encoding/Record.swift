/// A place in the JSON that is being written, for one value: as long as the value around it is being encoded.
struct Record: BitwiseCopyable {
  enum Kind: UInt8 {
    /// Nobody has said yet what stands here.
    case undecided
    case object
    case array
    /// A whole value that was encoded at once.
    case value
  }

  /// How a value is referred to: the index of its record, and what tells it from others that had the index before.
  struct ID: BitwiseCopyable {
    var index: Int32
    var serial: UInt32

    /// What is written there counts for nothing.
    static let nobody = ID(index: 0, serial: 0)
  }

  var serial: UInt32
  var parent: Int32
  var kind: Kind
  /// Whether the text ends within this value, so that it lacks its closing bracket.
  var isOpen = true
  /// Whether its members are sorted in the end.
  var isSorted = false
  var depth: Int16
  /// Where its text begins.
  var start: Int
  /// Once it is closed: where its closing bracket stands, or where a whole value ends.
  var end = 0
  /// How many members or elements have been written.
  var count = 0
  /// Where the newest of them begins.
  var itemStart = 0
  /// In an object: where the key stands; in an array: the index.
  var place: Int
  /// The newest member, or -1.
  var lastMember: Int32 = -1
  /// The newest member that ``MemberIndex`` knows, or -1.
  var lastIndexed: Int32 = -1
  /// A bit for each key that was written.
  var seen: UInt64 = 0
}

/// A member of an object that is being written.
struct Member: BitwiseCopyable {
  var key: Output.Quoted
  var fingerprint: UInt32
  /// The member written before it in the same object, or -1.
  var previous: Int32
  /// The record of the container that was last opened as its value, or -1; and perhaps it is gone.
  var container: Int32 = -1
}
