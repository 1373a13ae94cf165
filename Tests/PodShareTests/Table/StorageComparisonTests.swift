import PodShareTestKit
import Testing

@testable import PodShare

/// Random operations on the table and on a dictionary, which must answer alike.
@Suite("Storage: the table and a dictionary")
struct StorageComparisonTests {
  @Test("They answer alike whatever is done to them", arguments: 1...20 as ClosedRange<UInt64>)
  func random(seed: UInt64) throws {
    var life = Life(seed: seed)
    for step in 0..<600 {
      guard life.step() else {
        Issue.record("seed \(seed): they differ after step \(step): \(life.lastStep)")
        return
      }
    }
  }

  private struct Life: ~Copyable {
    private var random: SeededGenerator
    private var dictionary = DictionaryStorage<Int>()
    private let table = Table<Int>()
    private var writer: Table<Int>.Writer
    private var snapshots: [([Key: StoredEntry<Int>], TypedTableSnapshot<Int>)] = []
    private let keys: [Key]
    private var sequence: UInt64 = 0
    private(set) var lastStep = ""

    init(seed: UInt64) {
      random = SeededGenerator(seed: seed)
      writer = Table.Writer(table)
      // Some lives have few keys, which are written over and over, others many.
      let count = [3, 30, 300, 1_500].randomElement(using: &random) ?? 3
      keys = (0..<count).map { Key(Self.key($0)) } + ["", "\0", "é", "e\u{301}"].map { Key($0) }
      for key in keys where random.chance(0.7) {
        let entry = entry()
        dictionary.commit(entry, forKey: key)
        writer.commit(entry, forKey: key)
      }
    }

    /// Of all lengths from none to some sixty bytes.
    private static func key(_ number: Int) -> String {
      String(repeating: "k", count: number % 50) + String(number)
    }

    private mutating func entry() -> StoredEntry<Int> {
      sequence += 1
      let author = PodIdentity(nodeID: "pod \(Int.random(in: 0..<5, using: &random))", incarnation: 7)
      let version = Version.number(sequence, by: author)
      let epoch: Epoch = random.chance(0.3) ? .after(.number(sequence / 2, by: author)) : .beginning
      let number = Int(sequence)
      let opaque = OpaqueWrite(version: version, lifetime: .permanent, bytes: [1, 2, 3])
      let content: StoredEntry<Int>.Content =
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .tombstone(deletedAt: Timestamp(nanoseconds: Int64(number)))
        case 1: .opaque([opaque], readable: nil)
        case 2: .opaque([opaque, opaque], readable: .init(value: number, version: version))
        default: .value(number)
        }
      return StoredEntry(version: version, epoch: epoch, content: content)
    }

    private mutating func anyKey() -> Key { keys.randomElement(using: &random) ?? Key("") }

    mutating func step() -> Bool {
      let key = anyKey()
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<50:
        lastStep = "put \(key)"
        let entry = entry()
        dictionary.commit(entry, forKey: key)
        writer.commit(entry, forKey: key)
      case 50..<70:
        lastStep = "remove \(key)"
        dictionary.remove(forKey: key)
        writer.remove(forKey: key)
      case 70..<80:
        var batch: [Key: StoredEntry<Int>] = [:]
        for _ in 0..<Int.random(in: 0...40, using: &random) { batch[anyKey()] = entry() }
        lastStep = "put a batch of \(batch.count)"
        dictionary.commit(batch)
        writer.commit(batch)
      case 80..<86:
        lastStep = "take a snapshot"
        snapshots.append((dictionary.snapshot(), table.snapshot()))
      case 86..<92:
        guard !snapshots.isEmpty else { return true }
        lastStep = "drop a snapshot"
        snapshots.remove(at: Int.random(in: 0..<snapshots.count, using: &random))
      case 92..<94:
        lastStep = "tidy"
        _ = writer.tidy()
        table.freeUnreachable()
      case 94..<97:
        lastStep = "look at a snapshot"
        guard let (left, right) = snapshots.randomElement(using: &random) else { return true }
        return Self.text(left) == Self.text(right) && Self.text(left[key]) == Self.text(right[key])
      default:
        let bits = Int.random(in: 0...64, using: &random)
        let prefix = StableHash.hash(key)
        lastStep = "list the bucket of \(bits) bits of \(key)"
        return bucket(prefix, bits, in: dictionary) == bucket(prefix, bits, in: writer)
      }
      return dictionary.count == writer.count
        && Self.text(dictionary.entry(forKey: key)) == Self.text(writer.entry(forKey: key))
        && Self.text(table.entry(forKey: key)) == Self.text(writer.entry(forKey: key))
        && table.value(forKey: key.string) == dictionary.entry(forKey: key)?.value
        && table.value(forKey: PreparedKey(key.string)) == dictionary.entry(forKey: key)?.value
    }

    private func bucket(
      _ prefix: UInt64, _ bits: Int, in storage: borrowing some EntryStorage<Int> & ~Copyable
    ) -> [String] {
      var found: [String] = []
      storage.forEachEntry(inBucket: prefix, bits: bits) { found.append("\($0): \(Self.text($1))") }
      return found.sorted()
    }

    private static func text(_ entry: StoredEntry<Int>?) -> String {
      entry.map { "\($0)" } ?? "nothing"
    }

    private static func text(_ entries: some Sequence<(key: Key, value: StoredEntry<Int>)>) -> [String] {
      entries.map { "\($0.key): \(text($0.value))" }.sorted()
    }
  }

  @Test("A bucket is what a scan by the hash finds", arguments: [0, 1, 3, 4, 8, 11, 12, 16, 63, 64])
  func buckets(bits: Int) {
    let keys = (0..<3_000).map { Key("key \($0)") }
    var dictionary = DictionaryStorage<Int>()
    var writer = Table<Int>.Writer(Table())
    for (number, key) in keys.enumerated() {
      dictionary.commit(.value(number), forKey: key)
      writer.commit(.value(-1), forKey: key)
      writer.commit(.value(number), forKey: key)
    }
    for number in stride(from: 0, to: 3_000, by: 3) {
      dictionary.remove(forKey: keys[number])
      writer.remove(forKey: keys[number])
    }
    for example in [0, 1, 500, 2_999] {
      let prefix = StableHash.hash(keys[example])
      let expected = Set(
        keys.indices.filter {
          !$0.isMultiple(of: 3) && (bits == 0 || (StableHash.hash(keys[$0]) ^ prefix) >> (64 - bits) == 0)
        })
      var found: [[Int]] = [[], []]
      dictionary.forEachEntry(inBucket: prefix, bits: bits) { found[0].append($1.value ?? -1) }
      writer.forEachEntry(inBucket: prefix, bits: bits) { found[1].append($1.value ?? -1) }
      for found in found {
        #expect(found.count == expected.count && Set(found) == expected)
      }
    }
  }
}
