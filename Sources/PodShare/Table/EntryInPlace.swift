/// An entry where it lies in a table: only there for the writer, or for as long as a read section lasts.
///
/// Its cell says something of its key: it is none that only says that the key was removed.
struct EntryInPlace {
  private let cell: Cell
  private let layout: CellLayout

  init(_ cell: Cell, _ layout: CellLayout) {
    self.cell = cell
    self.layout = layout
  }

  var key: Key { Key(String(decoding: layout.key(of: cell), as: UTF8.self)) }

  /// The same, if it is the value of one write and there is nothing more to say of it.
  var plain: PlainEntry? {
    cell.head.pointee.details == nil ? PlainEntry(value, version, layout) : nil
  }

  /// The version of such a value, in numbers.
  var plainNumbers: VersionNumbers? {
    guard cell.head.pointee.details == nil else { return nil }
    return VersionNumbers(
      timestamp: timestamp, sequence: cell.head.pointee.sequence,
      authorDigest: author._withUnsafeGuaranteedRef { $0.identity.digest })
  }

  private var version: Version {
    Version(
      timestamp: timestamp, author: author._withUnsafeGuaranteedRef(\.identity),
      sequence: cell.head.pointee.sequence)
  }

  var entry: StoredEntry<ErasedValue> {
    guard let details = cell.head.pointee.details?.takeUnretainedValue() else {
      return StoredEntry(version: version, content: .value(value))
    }
    let content: StoredEntry<ErasedValue>.Content =
      switch details.content {
      case .value: .value(value)
      case .tombstone(let deletedAt): .tombstone(deletedAt: deletedAt)
      case .opaque(let writes, let readable):
        .opaque(writes, readable: readable.map { .init(value: value, version: $0) })
      }
    return StoredEntry(
      version: version, epoch: details.epoch, content: content, fingerprint: details.fingerprint)
  }

  /// The value that reads show.
  var shown: ErasedValue? {
    cell.head.pointee.details == nil ? value : entry.value
  }

  private var timestamp: Timestamp { Timestamp(nanoseconds: cell.head.pointee.timestamp) }

  private var author: Unmanaged<Origins.Origin> {
    // Only cells that say that their key was removed have no author.
    cell.head.pointee.author.unsafelyUnwrapped
  }

  private var value: ErasedValue { ErasedValue(in: CellObject.of(cell).takeUnretainedValue()) }
}
