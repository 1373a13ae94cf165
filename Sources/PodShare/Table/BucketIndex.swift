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

  private enum Node: Sendable {
    case leaf(ContiguousArray<Item>)
    case inner(ContiguousArray<Node>)
  }

  private static var leafCapacity: Int { 32 }
  private static var maxDepth: Int { 16 }

  private var root = Node.leaf([])

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
    switch node {
    case .leaf(var items):
      node = .leaf([])  // So that the array is changed in place.
      items.append(item)
      guard items.count > leafCapacity, depth < maxDepth else {
        node = .leaf(items)
        return
      }
      var children = ContiguousArray(repeating: Node.leaf([]), count: 16)
      for item in items { insert(item, into: &children[child(item.hash, depth)], depth: depth + 1) }
      node = .inner(children)
    case .inner(var children):
      node = .leaf([])
      insert(item, into: &children[child(item.hash, depth)], depth: depth + 1)
      node = .inner(children)
    }
  }

  private static func remove(_ item: Item, from node: inout Node, depth: Int) {
    switch node {
    case .leaf(var items):
      node = .leaf([])
      if let index = items.firstIndex(where: { $0.hash == item.hash && $0.handle == item.handle }) {
        items.swapAt(index, items.count - 1)
        items.removeLast()
      }
      node = .leaf(items.isEmpty ? [] : items)
    case .inner(var children):
      node = .leaf([])
      remove(item, from: &children[child(item.hash, depth)], depth: depth + 1)
      node = .inner(children)
    }
  }

  private static func forEach(
    in node: Node, depth: Int, prefix: UInt64, mask: UInt64, _ body: (Handle, UInt64) throws -> Void
  ) rethrows {
    switch node {
    case .leaf(let items):
      for item in items where item.hash & mask == prefix { try body(item.handle, item.hash) }
    case .inner(let children):
      let shift = UInt64(60 - 4 * depth)
      for (index, child) in children.enumerated() {
        // Of the four bits that choose a child, only those count that the bucket is named by.
        let counting = mask & (15 << shift)
        guard (UInt64(index) << shift) & counting == prefix & counting else { continue }
        try forEach(in: child, depth: depth + 1, prefix: prefix, mask: mask, body)
      }
    }
  }
}
