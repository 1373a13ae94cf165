/// Rows of text, with what belongs together below each other.
struct Columns {
  let lines: [String]

  /// - Parameter minimumWidth: How wide each column is at least, so that one that changes does not move the others.
  init(_ rows: [[String]], minimumWidth: Int = 0) {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.reduce(minimumWidth, max)
    }
    lines = rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
