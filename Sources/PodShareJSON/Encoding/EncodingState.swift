/// What all encoders and containers of one value write to.
///
/// The text is written as it is encoded, in one go, with the objects and arrays around its end known by their records.
/// Whoever writes elsewhere, for instance into an object after one beside it has been opened, writes a *piece*: it is put
/// at the end for now, and ``Rearrangement`` says where it belongs.
///
/// While a value's `encode(to:)` runs, the records from `base` on are those of the value; they end with it.
///
/// Its properties are not checked for overlapping access. None of them is lent to code of the values, and neither
/// encoders nor containers are `Sendable`.
final class EncodingState {
  @exclusivity(unchecked) var output = Output()
  @exclusivity(unchecked) var records = Stack<Record>(capacity: 32)
  @exclusivity(unchecked) var members = Stack<Member>(capacity: 64)
  @exclusivity(unchecked) var memberIndex = MemberIndex()
  @exclusivity(unchecked) var rearrangement = Rearrangement()
  /// The innermost open record: the text ends within it. -1 if nothing of the value is open any more.
  @exclusivity(unchecked) var top: Int32 = -1
  @exclusivity(unchecked) var base: Int32 = 0
  @exclusivity(unchecked) private var lastSerial: UInt32 = 0
  /// What the value has done wrong where nothing can be thrown.
  @exclusivity(unchecked) private var failure: EncodingError.Context?
  /// Whether there is such a thing, which is quicker to see.
  @exclusivity(unchecked) private var hasFailed = false

  // MARK: A value

  /// Writes a value and nothing else.
  func encode<Value: Encodable>(_ value: Value) throws {
    // A token needs no record of what is around it: nothing is.
    if try writeToken(value, in: .nobody, nil) { return }
    let root = push(parent: -1, place: 0, .undecided)
    base = root.index
    top = root.index
    try encodeContent(of: value, at: root)
    try checkFailure(value)
    if records[0].kind == .undecided {
      let description = "Top-level \(Value.self) did not encode any values."
      throw EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: description))
    }
    closeAll()
    if !rearrangement.isEmpty { output.replaceAll(with: rearrangement.applied(to: output)) }
  }

  /// Makes it ready for the next value; false if it has grown too large to be kept.
  func reset() -> Bool {
    records.removeAll(from: 0)
    members.removeAll(from: 0)
    if !memberIndex.isEmpty { memberIndex = MemberIndex() }
    top = -1
    base = 0
    if !rearrangement.isEmpty { rearrangement = Rearrangement() }
    if hasFailed {
      failure = nil
      hasFailed = false
    }
    return output.clear() && records.isSmall && members.isSmall
  }

  /// Leaves it to an encoder that its value has kept: what that one writes counts for nothing.
  func abandon() {
    records.removeAll(from: 0)
    top = -1
  }

  /// Notes that the value uses its encoder in a way that has no meaning; encoding it throws then.
  func fail(_ description: String, at id: Record.ID) {
    if !hasFailed { failure = .init(codingPath: path(of: id), debugDescription: description) }
    hasFailed = true
  }

  func failTooDeep() {
    let description = "The value is nested more than \(JSON.maximumDepth) levels deep."
    if !hasFailed { failure = .init(codingPath: [], debugDescription: description) }
    hasFailed = true
  }

  @inline(__always)
  func checkFailure(_ value: some Encodable) throws {
    if hasFailed, let failure { throw EncodingError.invalidValue(value, failure) }
  }

  // MARK: Records

  func push(parent: Int32, place: Int, _ kind: Record.Kind) -> Record.ID {
    lastSerial &+= 1
    let index = Int32(truncatingIfNeeded: records.count)
    // Deeper is too deep in any case.
    let depth = parent < 0 ? 1 : min(records[Int(parent)].depth, Int16.max - 1) + 1
    records.append(
      Record(
        serial: lastSerial, parent: parent, kind: kind, depth: depth, start: output.count, place: place))
    if depth > JSON.maximumDepth, kind != .undecided { failTooDeep() }
    return Record.ID(index: index, serial: lastSerial)
  }

  /// Whether the value that a record stands for is still being encoded.
  @inline(__always)
  func isCurrent(_ id: Record.ID) -> Bool {
    Int(id.index) < records.count && records[Int(id.index)].serial == id.serial
  }

  /// Closes what is open within a record, so that the text ends within that record itself.
  @inline(__always)
  func close(downTo index: Int32) {
    while top != index {
      close(top)
      top = records[Int(top)].parent
    }
  }

  /// Closes all of the value that is being encoded.
  @inline(__always)
  func closeAll() {
    if top < 0 { return }
    close(downTo: base)
    close(base)
    top = -1
  }

  @inline(__always)
  func close(_ index: Int32) {
    let index = Int(index)
    records[index].isOpen = false
    records[index].end = output.count
    switch records[index].kind {
    case .value: break
    case .array: output.append(UInt8(ascii: "]"))
    case .object:
      output.append(UInt8(ascii: "}"))
      if records[index].isSorted { sortMembers(of: index) }
    case .undecided:
      // A value that encodes nothing.
      output.append("{}")
      records[index].end = output.count
    }
  }

  // MARK: Paths

  /// The keys that lead to a record.
  func path(of id: Record.ID) -> [any CodingKey] {
    guard isCurrent(id) else { return [] }
    var path: [any CodingKey] = []
    var index = Int(id.index)
    while records[index].parent >= 0 {
      let parent = Int(records[index].parent)
      if records[parent].kind == .object {
        path.append(JSONKey(stringValue: output.unquoted(at: records[index].place)))
      } else {
        path.append(JSONKey(index: records[index].place))
      }
      index = parent
    }
    return path.reversed()
  }

  func depth(of id: Record.ID) -> Int {
    isCurrent(id) ? Int(records[Int(id.index)].depth) - 1 : 0
  }
}
