extension EncodingState {
  /// Where an item, a member or an element, is written.
  struct Placement {
    /// Where the piece begins; -1 if the item is written where it belongs.
    var piece = -1
    /// Where the piece belongs; -1 if nowhere, since the value that it was for is encoded already.
    var destination = -1
    var separation = Rearrangement.Separation.none
  }

  // MARK: Begin and end

  /// Begins an element of an array.
  @inline(__always)
  func beginElement(of id: Record.ID) -> Placement {
    if id.index == top, records[Int(top)].serial == id.serial {
      beginItem(of: Int(top))
      return Placement()
    }
    return beginElsewhere(id, key: nil)
  }

  /// Begins a member of an object, as far as the colon.
  @inline(__always)
  func beginMember(of id: Record.ID, _ key: String) -> Placement {
    if id.index == top, records[Int(top)].serial == id.serial {
      beginItem(of: Int(top))
      write(key, of: Int(top))
      return Placement()
    }
    return beginElsewhere(id, key: key)
  }

  @inline(__always)
  private func beginItem(of index: Int) {
    if records[index].count > 0 { output.append(UInt8(ascii: ",")) }
    records[index].count &+= 1
    records[index].itemStart = output.count
  }

  @inline(__always)
  private func write(_ key: String, of index: Int) {
    let quoted = output.append(quoted: key)
    let fingerprint = output.fingerprint(of: quoted)
    let member = Int32(truncatingIfNeeded: members.count)
    members.append(Member(key: quoted, fingerprint: fingerprint, previous: records[index].lastMember))
    if !records[index].isSorted {
      let bit: UInt64 = 1 &<< UInt64(fingerprint & 63)
      if records[index].seen & bit != 0 || !quoted.isPlain { lookForRepetition(of: Int(member), in: index) }
      records[index].seen |= bit
    }
    records[index].lastMember = member
    output.append(UInt8(ascii: ":"))
  }

  @inline(__always)
  func end(_ placement: Placement) {
    if placement.piece >= 0 { endElsewhere(placement) }
  }

  @inline(never)
  private func beginElsewhere(_ id: Record.ID, key: String?) -> Placement {
    guard isCurrent(id) else { return beginPiece(at: -1) }
    let index = Int(id.index)
    let isOfThisValue = id.index >= base
    if isOfThisValue, records[index].isOpen {
      close(downTo: id.index)
      beginItem(of: index)
      if let key { write(key, of: index) }
      return Placement()
    }
    // What is open then belongs to a value around the one that is being encoded: the item comes before this value.
    let isOpen = records[index].isOpen
    var placement = beginPiece(at: isOpen ? records[index].itemStart : records[index].end)
    placement.separation = isOpen ? .fromNext : .fromPrevious
    records[index].count += 1
    if let key {
      if isOfThisValue {
        write(key, of: index)
      } else {
        // The list of its members must not contain one that ends with this value.
        output.append(quoted: key)
        output.append(UInt8(ascii: ":"))
        tidyLater(index)
      }
    }
    return placement
  }

  func beginPiece(at destination: Int) -> Placement {
    // From now on all of this value is written in pieces, so that nothing is open around one.
    closeAll()
    let placement = Placement(piece: output.count, destination: destination)
    // No piece begins where another one does.
    output.append(Rearrangement.filler)
    return placement
  }

  @inline(never)
  private func endElsewhere(_ placement: Placement) {
    rearrangement.move(placement.piece..<output.count, to: placement.destination, placement.separation)
  }

  // MARK: Values

  /// Writes a value of any type as the item that has been begun, and ends that. If it throws, there is no such item.
  @inline(__always)
  func encode<Value: Encodable>(
    _ value: Value, of id: Record.ID, _ placement: Placement,
    _ key: @autoclosure () -> (any CodingKey)?
  ) throws {
    do {
      if try !writeToken(value, in: id, key()) { try encodeInside(value, of: id, placement) }
      end(placement)
    } catch {
      undo(id, placement)
      throw error
    }
  }

  private func encodeInside<Value: Encodable>(
    _ value: Value, of parent: Record.ID, _ placement: Placement
  ) throws {
    let outer = (base: base, top: top, records: records.count, members: members.count)
    let id = pushItem(of: parent, placement, .undecided)
    base = id.index
    top = id.index
    defer {
      records.removeAll(from: outer.records)
      members.removeAll(from: outer.members)
      base = outer.base
      top = outer.top
    }
    if records[Int(id.index)].depth > JSON.maximumDepth + 1 { failTooDeep() }
    try checkFailure(value)
    try encodeContent(of: value, at: id)
    closeAll()
  }

  private func pushItem(of parent: Record.ID, _ placement: Placement, _ kind: Record.Kind) -> Record.ID {
    guard isCurrent(parent) else { return push(parent: -1, place: 0, kind) }
    let record = records[Int(parent.index)]
    guard record.kind == .object else { return push(parent: parent.index, place: record.count - 1, kind) }
    let place = placement.piece < 0 ? record.itemStart : placement.piece + 1
    return push(parent: parent.index, place: place, kind)
  }

  private func undo(_ id: Record.ID, _ placement: Placement) {
    let isPiece = placement.piece >= 0
    var start = placement.piece
    if isCurrent(id) {
      let index = Int(id.index)
      records[index].count -= 1
      if !isPiece { start = records[index].itemStart - (records[index].count > 0 ? 1 : 0) }
      if records[index].kind == .object, id.index >= base {
        forgetLastMember(of: index)
      }
    }
    if rearrangement.concernsText(from: start) {
      rearrangement.move(start..<output.count, to: -1)
    } else {
      output.truncate(to: start)
    }
  }

  // MARK: Nested containers

  /// Opens an object or an array as an item of another one, or a place for an encoder that will say what it is.
  func nest(_ kind: Record.Kind, in parent: Record.ID, _ key: String?) -> Record.ID {
    if let key, kind != .undecided, let id = reopen(kind, in: parent, key) { return id }
    let placement = key.map { beginMember(of: parent, $0) } ?? beginElement(of: parent)
    let id = pushItem(of: parent, placement, kind)
    let index = Int(id.index)
    if key != nil, parent.index >= base, isCurrent(parent) {
      members[Int(records[Int(parent.index)].lastMember)].container = id.index
    }
    if placement.piece < 0 {
      top = id.index
      if kind != .undecided { output.append(kind.opening) }
    } else {
      output.append(kind == .array ? "[]" : "{}")
      records[index].isOpen = false
      records[index].end = kind == .undecided ? output.count : output.count - 1
      end(placement)
    }
    return id
  }

  /// Finds the object or array that a member holds already.
  private func reopen(_ kind: Record.Kind, in parent: Record.ID, _ key: String) -> Record.ID? {
    guard isCurrent(parent), records[Int(parent.index)].count > 0 else { return nil }
    guard let member = member(key, of: Int(parent.index)) else { return nil }
    let text = members[member].key
    let place = text.start - 1
    let container = Int(members[member].container)
    if container >= base, container < records.count, records[container].parent == parent.index,
      records[container].place == place
    {
      let id = Record.ID(index: Int32(container), serial: records[container].serial)
      return decide(kind, id) ? id : .nobody
    }
    // It was encoded as a whole.
    let start = text.start + text.length + 2
    guard let end = output.closingBracket(of: kind, at: start) else {
      fail("The member \(key) holds another value already.", at: parent)
      return .nobody
    }
    let id = push(parent: parent.index, place: place, kind)
    members[member].container = id.index
    let index = Int(id.index)
    records[index].isOpen = false
    records[index].start = start
    records[index].end = end
    records[index].count = end == start + 1 ? 0 : 1
    if kind == .object { tidyLater(index) }
    return id
  }

  func count(of id: Record.ID) -> Int {
    isCurrent(id) ? records[Int(id.index)].count : 0
  }

  // MARK: What an encoder says that its value is

  /// Makes the place of a value an object or an array, unless it is one already; false if it is something else.
  func decide(_ kind: Record.Kind, _ id: Record.ID) -> Bool {
    guard isCurrent(id) else { return true }
    let index = Int(id.index)
    let record = records[index]
    if record.kind == kind { return true }
    if record.kind == .undecided {
      if record.isOpen {
        guard id.index == top else { return false }
        records[index].start = output.count
        output.append(kind.opening)
      } else if kind == .object {
        records[index].end -= 1
      } else {
        let placement = replaceEmptyObject(at: index)
        output.append("[]")
        records[index].start = output.count - 2
        records[index].end = output.count - 1
        end(placement)
      }
      records[index].kind = kind
      if record.depth > JSON.maximumDepth { failTooDeep() }
      return true
    }
    if record.kind == .value, let end = output.closingBracket(of: kind, at: record.start) {
      records[index].kind = kind
      records[index].isOpen = false
      records[index].end = end
      records[index].count = end == record.start + 1 ? 0 : 1
      return true
    }
    fail("A value of another kind has been encoded here already.", at: id)
    return false
  }

  /// Begins a value that is encoded as a whole. False if there is something already.
  @inline(__always)
  func beginValue(_ id: Record.ID) -> Placement? {
    if id.index == top, records[Int(top)].serial == id.serial, records[Int(top)].kind == .undecided {
      records[Int(top)].kind = .value
      return Placement()
    }
    return beginValueElsewhere(id)
  }

  @inline(never)
  private func beginValueElsewhere(_ id: Record.ID) -> Placement? {
    guard isCurrent(id) else { return beginPiece(at: -1) }
    let index = Int(id.index)
    guard records[index].kind == .undecided, !records[index].isOpen else {
      fail("A value has been encoded here already.", at: id)
      return nil
    }
    records[index].kind = .value
    return replaceEmptyObject(at: index)
  }

  /// Whether a value can still be encoded here; if not, that is noted.
  func isFree(_ id: Record.ID) -> Bool {
    guard isCurrent(id), records[Int(id.index)].kind != .undecided else { return true }
    fail("A value has been encoded here already.", at: id)
    return false
  }

  /// Has a value that has encoded itself as nothing stand for an empty object.
  func encodeNothing(_ id: Record.ID) {
    guard isCurrent(id), records[Int(id.index)].kind == .undecided else { return }
    if records[Int(id.index)].isOpen, let placement = beginValue(id) {
      output.append("{}")
      end(placement)
    }
    records[Int(id.index)].kind = .value
  }

  private func replaceEmptyObject(at index: Int) -> Placement {
    let start = records[index].end - 2
    rearrangement.move(start..<records[index].end, to: -1)
    return beginPiece(at: start)
  }
}

extension Record.Kind {
  fileprivate var opening: UInt8 { UInt8(ascii: self == .array ? "[" : "{") }
}
