extension EncodingState {
  // MARK: Members of one name

  /// Of members of one name the last one counts. That is rare, so it is only noted here.
  @inline(never)
  func lookForRepetition(of member: Int, in index: Int) {
    let new = members[member]
    // Keys may be the same in other code points, or too many to compare them all.
    guard new.key.isPlain, records[index].count <= 64 else { return tidyLater(index) }
    var other = records[index].lastMember
    while other >= 0 {
      let old = members[Int(other)]
      if old.fingerprint == new.fingerprint, output.equal(old.key.range, new.key.range) {
        return tidyLater(index)
      }
      other = old.previous
    }
  }

  /// Has an object gone through when all is written.
  func tidyLater(_ index: Int) {
    output[records[index].start] = records[index].isSorted ? Rearrangement.sorted : Rearrangement.unique
    rearrangement.hasMarks = true
  }

  // MARK: Sorting

  /// Has the members of an object sorted when it is closed.
  func sortLater(_ id: Record.ID) {
    if isCurrent(id) { records[Int(id.index)].isSorted = true }
  }

  /// Puts the members of a dictionary, which has just been closed, in the order of their keys.
  func sortMembers(of index: Int) {
    let record = records[index]
    guard record.count > 1 else { return }
    // Somewhere else there may be pieces that belong here.
    guard rearrangement.isEmpty else { return tidyLater(index) }
    var ordered: [(key: Range<Int>, text: Range<Int>)] = []
    ordered.reserveCapacity(record.count)
    var end = record.end
    var isPlain = true
    var member = record.lastMember
    while member >= 0 {
      let key = members[Int(member)].key
      isPlain = isPlain && key.isPlain
      ordered.append((key.range, key.start - 1..<end))
      end = key.start - 2
      member = members[Int(member)].previous
    }
    // Escapes sort otherwise than what they stand for.
    guard isPlain || !ordered.contains(where: { output.hasEscapes($0.key) }) else { return tidyLater(index) }
    ordered.reverse()
    ordered.sort { output.precedes($0.key, $1.key) }
    for next in ordered.indices.dropFirst() where output.equal(ordered[next - 1].key, ordered[next].key) {
      return tidyLater(index)
    }
    let tail = output.count
    for (position, item) in ordered.enumerated() {
      if position > 0 { output.append(UInt8(ascii: ",")) }
      output.appendCopy(of: item.text)
    }
    output.append(UInt8(ascii: "}"))
    output.moveTail(from: tail, to: record.start + 1)
  }

  /// The key type with which dictionaries of strings, integers and the like are encoded.
  ///
  /// It has no name outside the standard library, so a dictionary is asked for it.
  static let dictionaryKey: ObjectIdentifier? = {
    let asked = KeyTypeRecorder()
    try? [String: Bool]().encode(to: asked)
    return asked.keyType
  }()
}

/// An encoder that notes the keys by which a value is encoded.
private final class KeyTypeRecorder: Encoder {
  var keyType: ObjectIdentifier?
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  private let state = EncodingState()

  private var encoder: ValueEncoder {
    ValueEncoder(state: state, id: state.push(parent: -1, place: 0, .undecided))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    keyType = ObjectIdentifier(type)
    return KeyedEncodingContainer(KeyedEncoding<Key>(state: state, id: encoder.id))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { encoder.unkeyedContainer() }
  func singleValueContainer() -> any SingleValueEncodingContainer { encoder }
}

extension Output.Quoted {
  var range: Range<Int> { start..<start + length }
}
