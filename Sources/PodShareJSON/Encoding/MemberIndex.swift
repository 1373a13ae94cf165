/// Where the members of large objects are found by their keys, by whoever opens a container in one.
///
/// Nobody else needs it, so it is filled when somebody looks, with what has been written since the last time.
struct MemberIndex {
  private struct Place: Hashable {
    let object: UInt32
    let fingerprint: UInt32
  }

  /// The newest member of each fingerprint.
  private var newest: [Place: Int32] = [:]

  var isEmpty: Bool { newest.isEmpty }

  /// The newest member of a fingerprint in the object with this serial number.
  func member(_ fingerprint: UInt32, of object: UInt32) -> Int32? {
    newest[Place(object: object, fingerprint: fingerprint)]
  }

  mutating func insert(_ member: Int32, _ fingerprint: UInt32, of object: UInt32) {
    newest[Place(object: object, fingerprint: fingerprint), default: member].formMaximum(with: member)
  }

  mutating func remove(_ fingerprint: UInt32, of object: UInt32) {
    newest[Place(object: object, fingerprint: fingerprint)] = nil
  }
}

extension Int32 {
  fileprivate mutating func formMaximum(with other: Int32) { self = Swift.max(self, other) }
}

extension EncodingState {
  /// The newest member of a name. O(1) for each member there is, however often it is called.
  func member(_ key: String, of index: Int) -> Int? {
    let end = output.count
    let quoted = output.append(quoted: key)
    defer { output.truncate(to: end) }
    let fingerprint = output.fingerprint(of: quoted)
    var candidate = records[index].lastMember
    if records[index].count > Self.fewMembers {
      indexMembers(of: index)
      candidate = memberIndex.member(fingerprint, of: records[index].serial) ?? -1
    }
    while candidate >= 0 {
      let member = members[Int(candidate)]
      if member.fingerprint == fingerprint, output.equal(member.key.range, quoted.range) {
        return Int(candidate)
      }
      candidate = member.previous
    }
    return nil
  }

  /// So many are looked through.
  private static var fewMembers: Int { 16 }

  private func indexMembers(of index: Int) {
    let record = records[index]
    var next = record.lastMember
    while next > record.lastIndexed {
      let member = members[Int(next)]
      memberIndex.insert(next, member.fingerprint, of: record.serial)
      next = member.previous
    }
    records[index].lastIndexed = record.lastMember
  }

  /// Takes the newest member out of its object's list.
  func forgetLastMember(of index: Int) {
    let record = records[index]
    let member = members[Int(record.lastMember)]
    records[index].lastMember = member.previous
    guard record.lastIndexed == record.lastMember else { return }
    // An older one of the same name may have been there, so all are looked at again.
    memberIndex.remove(member.fingerprint, of: record.serial)
    records[index].lastIndexed = -1
  }
}
