/// The members of an object by name. Of members of one name the first one counts.
extension DecodingState {
  /// Members of an object some of whose keys have escapes or are not ASCII. Keys are the same if they are equal as
  /// strings, however they are spelt.
  struct OddMembers {
    var places: [String: Int] = [:]
    var names: [(name: String, place: Int)] = []
  }

  private static let indexedCount = 16

  // MARK: Look-up

  /// The place of the key of a member that the type asks for; 0 if there is none.
  @inline(__always)
  func find(_ name: String, in object: Int) -> Int {
    let key = locate(name, in: object)
    if key > 0 { tokens[key].flags.insert(.isAskedFor) }
    return key
  }

  /// The same, and the member behind it is looked at first the next time.
  @inline(__always)
  func findNext(_ name: String, in object: Int) -> Int {
    let key = find(name, in: object)
    if key > 0 { tokens[object].offset = UInt32(truncatingIfNeeded: behind(key)) }
    return key
  }

  @inline(__always)
  private func locate(_ name: String, in object: Int) -> Int {
    var name = name
    let key = name.withUTF8 { locate($0, in: object) }
    return key < 0 ? locateOdd(name, in: object) : key
  }

  /// The same by the bytes of the name; -1 if they do not tell.
  @inline(__always)
  private func locate(_ name: UnsafeBufferPointer<UInt8>, in object: Int) -> Int {
    let token = tokens[object]
    // Types ask for members in the order in which they write them.
    let next = Int(token.offset)
    if token.flags.isDisjoint(with: [.hasOddKeys, .hasRepeatedKeys]), next < Int(token.link),
      source.text(of: tokens[next], equals: name)
    {
      return next
    }
    return search(name, in: object)
  }

  @inline(never)
  private func search(_ name: UnsafeBufferPointer<UInt8>, in object: Int) -> Int {
    let token = tokens[object]
    if token.flags.contains(.hasOddKeys) || name.contains(where: { $0 >= 0x80 }) { return -1 }
    if tokens[object + 1].index != 0 { return searchIndex(name, of: object) }
    let end = Int(token.link)
    let isRepeated = token.flags.contains(.hasRepeatedKeys)
    let start = isRepeated ? object + 2 : Int(token.offset)
    var key = start
    while key < end {
      if source.text(of: tokens[key], equals: name) { return key }
      key = behind(key)
    }
    key = object + 2
    while key < start {
      if source.text(of: tokens[key], equals: name) { return key }
      key = behind(key)
    }
    return 0
  }

  /// The place behind the value of a key.
  @inline(__always)
  func behind(_ key: Int) -> Int {
    let value = tokens[key &+ 1]
    return value.kind == .object || value.kind == .array ? Int(value.link) : key &+ 2
  }

  // MARK: Keys

  /// Calls `body` with the place of each member's key, the first one of each name.
  func forEachKey(of object: Int, _ body: (_ name: String, _ key: Int) -> Void) {
    let token = tokens[object]
    if token.flags.contains(.hasOddKeys) {
      for member in oddMembers[object]?.names ?? [] { body(member.name, member.place) }
      return
    }
    var key = object + 2
    while key < Int(token.link) {
      let name = plainText(of: tokens[key])
      if !token.flags.contains(.hasRepeatedKeys) || locate(name, in: object) == key {
        body(name, key)
      }
      key = behind(key)
    }
  }

  // MARK: Repetition

  /// Notes whether two keys are the same bytes.
  func lookForRepetition(in object: Int) {
    guard !tokens[object].flags.contains(.hasOddKeys) else { return }
    if tokens[object].length > Self.indexedCount { return buildIndex(of: object) }
    let end = Int(tokens[object].link)
    var seen: UInt64 = 0
    var key = object + 2
    while key < end {
      let bit: UInt64 = 1 &<< UInt64(tokens[key].link & 63)
      if seen & bit != 0 {
        var other = object + 2
        while other < key {
          if tokens[other].link == tokens[key].link, source.equal(tokens[other], tokens[key]) {
            tokens[object].flags.insert(.hasRepeatedKeys)
            return
          }
          other = behind(other)
        }
      }
      seen |= bit
      key = behind(key)
    }
  }

  // MARK: Objects with many members

  /// Lists the keys by their hashes, in a table of twice their number.
  private func buildIndex(of object: Int) {
    let start = indices.count
    let size = 2 << (Int.bitWidth - (Int(tokens[object].length) - 1).leadingZeroBitCount)
    for _ in 0..<size { indices.append(0) }
    tokens[object + 1].link = UInt32(start + 1)
    let end = Int(tokens[object].link)
    var key = object + 2
    while key < end {
      var slot = Int(tokens[key].link) & (size - 1)
      while indices[start + slot] != 0 {
        let other = Int(indices[start + slot])
        if tokens[other].link == tokens[key].link, source.equal(tokens[other], tokens[key]) {
          tokens[object].flags.insert(.hasRepeatedKeys)
          break
        }
        slot = (slot + 1) & (size - 1)
      }
      if indices[start + slot] == 0 { indices[start + slot] = UInt32(key) }
      key = behind(key)
    }
  }

  private func searchIndex(_ name: UnsafeBufferPointer<UInt8>, of object: Int) -> Int {
    let start = Int(tokens[object + 1].index) - 1
    let size = 2 << (Int.bitWidth - (Int(tokens[object].length) - 1).leadingZeroBitCount)
    let hash = Source(UnsafeRawBufferPointer(name)).hash(from: 0, length: name.count, seed: seed)
    var slot = Int(hash) & (size - 1)
    while indices[start + slot] != 0 {
      let key = Int(indices[start + slot])
      if tokens[key].link == hash, source.text(of: tokens[key], equals: name) { return key }
      slot = (slot + 1) & (size - 1)
    }
    return 0
  }

  // MARK: Odd keys

  /// Reads the keys of an object that is opened, if their bytes do not say what they are.
  @inline(__always)
  func readKeys(of object: Int) throws {
    if tokens[object].flags.contains(.hasOddKeys), oddMembers[object] == nil { try readOddKeys(of: object) }
  }

  @inline(never)
  private func readOddKeys(of object: Int) throws {
    var members = OddMembers()
    var key = object + 2
    while key < Int(tokens[object].link) {
      let name = try found(try text(of: tokens[key]), tokens[key], at: path(ofContainer: object))
      if members.places[name] == nil {
        members.places[name] = key
        members.names.append((name, key))
      }
      key = behind(key)
    }
    oddMembers[object] = members
  }

  @inline(never)
  private func locateOdd(_ name: String, in object: Int) -> Int {
    if tokens[object].flags.contains(.hasOddKeys) { return oddMembers[object]?.places[name] ?? 0 }
    // A name that is not ASCII may be the same as one that is.
    var found = 0
    forEachKey(of: object) { if found == 0, $0 == name { found = $1 } }
    return found
  }
}
