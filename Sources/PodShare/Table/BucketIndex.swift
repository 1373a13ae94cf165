/// Which keys are in which bucket, a bucket being all whose ``StableHash`` begins with the same bits.
///
/// A tree of which every node has sixteen children, one for each next four bits, down to leaves of at most 32 keys. It holds
/// handles of keys: what stays the same while the key is there, whatever is written under it. O(1) to add and to remove, but
/// for keys chosen to have equal hashes.
package struct BucketIndex<Handle: Equatable & Sendable>: Sendable {
  private struct Item: Sendable {
    var hash: UInt64
    var handle: Handle
  }

  /// A leaf, which has items, or an inner node, which has children: no enumeration, of which a case would have to be taken
  /// out and put back to be changed in place.
  private struct Node: Sendable {
    var items: ContiguousArray<Item> = []
    var children: ContiguousArray<Node> = []
  }

  private static var leafCapacity: Int { 32 }
  private static var maxDepth: Int { 16 }

  private var root = Node()

  package init() {}

  /// Adds a key that is not in it.
  package mutating func insert(_ handle: Handle, hash: UInt64) {
    Self.insert(Item(hash: hash, handle: handle), into: &root, depth: 0)
  }

  package mutating func remove(_ handle: Handle, hash: UInt64) {
    Self.remove(Item(hash: hash, handle: handle), from: &root, depth: 0)
  }

  /// Passes each key whose hash begins with the `bits` highest bits of `prefix`, and its hash. O(keys passed), and at most
  /// those of one leaf more.
  package func forEach(
    inBucket prefix: UInt64, bits: Int, _ body: (Handle, UInt64) throws -> Void
  ) rethrows {
    let mask: UInt64 = bits == 0 ? 0 : .max << UInt64(64 - bits)
    try Self.forEach(in: root, depth: 0, prefix: prefix & mask, mask: mask, body)
  }

  private static func child(_ hash: UInt64, _ depth: Int) -> Int {
    Int(truncatingIfNeeded: hash >> UInt64(60 - 4 * depth)) & 15
  }

  private static func insert(_ item: Item, into node: inout Node, depth: Int) {
    guard node.children.isEmpty else {
      return insert(item, into: &node.children[child(item.hash, depth)], depth: depth + 1)
    }
    // In one step from none to several: what a split leaves empty mostly gets some.
    if node.items.isEmpty { node.items.reserveCapacity(leafCapacity / 4) }
    node.items.append(item)
    if node.items.count > leafCapacity, depth < maxDepth { split(&node, depth: depth) }
  }

  private static func split(_ node: inout Node, depth: Int) {
    node.children = ContiguousArray(repeating: Node(), count: 16)
    for item in node.items { insert(item, into: &node.children[child(item.hash, depth)], depth: depth + 1) }
    node.items = []
  }

  private static func remove(_ item: Item, from node: inout Node, depth: Int) {
    guard node.children.isEmpty else {
      return remove(item, from: &node.children[child(item.hash, depth)], depth: depth + 1)
    }
    guard let index = node.items.firstIndex(where: { $0.hash == item.hash && $0.handle == item.handle })
    else {
      return
    }
    node.items.swapAt(index, node.items.count - 1)
    node.items.removeLast()
    if node.items.isEmpty { node.items = [] }
  }

  private static func forEach(
    in node: Node, depth: Int, prefix: UInt64, mask: UInt64, _ body: (Handle, UInt64) throws -> Void
  ) rethrows {
    for item in node.items where item.hash & mask == prefix { try body(item.handle, item.hash) }
    let shift = UInt64(truncatingIfNeeded: 60 - 4 * depth)
    for (index, child) in node.children.enumerated() {
      // Of the four bits that choose a child, only those count that the bucket is named by.
      let counting = mask & (15 << shift)
      guard (UInt64(index) << shift) & counting == prefix & counting else { continue }
      try forEach(in: child, depth: depth + 1, prefix: prefix, mask: mask, body)
    }
  }
}
