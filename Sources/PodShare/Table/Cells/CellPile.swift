/// Cells, the last one in front, in arrays of bounded size: so that neither adding a cell nor adding a pile to another one ever
/// copies many of them.
struct CellPile {
  private static let chunkSize = 4_096

  /// None of them is empty.
  private var chunks: [[Cell]] = []
  private(set) var count = 0

  var isEmpty: Bool { chunks.isEmpty }

  mutating func append(_ cell: Cell) {
    if let last = chunks.indices.last, chunks[last].count < Self.chunkSize {
      chunks[last].append(cell)
    } else {
      chunks.append([cell])
    }
    count += 1
  }

  /// O(number of the other's chunks).
  mutating func append(_ other: CellPile) {
    chunks += other.chunks
    count += other.count
  }

  mutating func popLast() -> Cell? {
    guard let last = chunks.indices.last else { return nil }
    let cell = chunks[last].removeLast()
    if chunks[last].isEmpty { chunks.removeLast() }
    count -= 1
    return cell
  }
}
