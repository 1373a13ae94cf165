public import Synchronization

/// A stretch of a reader's work during which nothing is freed that it may have found in the table.
///
/// Must be ended exactly once, while the table is alive. May be ended on another thread.
@usableFromInline
package struct ReadSection {
  /// The counter of those who have left. In the table's memory.
  @usableFromInline let left: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  package func end() {
    left.assumingMemoryBound(to: Atomic<Int>.self).pointee.wrappingAdd(1, ordering: .releasing)
  }
}

/// A look-up whose result stays where it is until its section is ended.
@usableFromInline
package struct Reading {
  /// Where the value is, if there is one.
  @usableFromInline let value: UnsafeMutableRawPointer?
  @usableFromInline let section: ReadSection
}

extension CellTable {
  /// Looks up what reads show under a key: the whole of a read but for the copying of the value, which alone depends on
  /// the value's type.
  @usableFromInline @inline(never)
  package func read(_ key: String) -> Reading {
    if let reading = key.utf8.withContiguousStorageIfAvailable({ read(UnsafeRawBufferPointer($0)) }) {
      return reading
    }
    var key = key
    return key.withUTF8 { read(UnsafeRawBufferPointer($0)) }
  }

  @usableFromInline @inline(never)
  package func read(_ key: PreparedKey) -> Reading {
    key.withBytes { read($0, hash: key.hash) }
  }

  @inline(__always)
  private func read(_ key: UnsafeRawBufferPointer) -> Reading {
    read(key, hash: hash(key))
  }

  @inline(__always)
  private func read(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Reading {
    let section = enter()
    let layout = header.pointee.layout
    guard let cell = find(key, hash: hash), layout.hasValue(cell) else {
      return Reading(value: nil, section: section)
    }
    return Reading(value: layout.value(of: cell), section: section)
  }
}
