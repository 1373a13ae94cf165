import NIOConcurrencyHelpers
package import NIOCore

/// What a ``MemoryNetwork`` keeps for its stores.
package final class MemoryFields: Sendable {
  private let topics = NIOLockedValueBox<[Key: [ByteBuffer: ByteBuffer]]>([:])

  package init() {}

  func change(_ changes: [KeptField.Change], of topic: String) -> [KeptField] {
    topics.withLockedValue { topics in
      var refused: [KeptField] = []
      for change in changes {
        let kept = topics[Key(topic)]?[change.name]
        if change.holds(for: kept) {
          topics[Key(topic), default: [:]][change.name] = change.content
        } else {
          refused.append(KeptField(name: change.name, content: kept))
        }
      }
      return refused
    }
  }

  func content(of name: ByteBuffer, _ topic: String) -> ByteBuffer? {
    topics.withLockedValue { $0[Key(topic)]?[name] }
  }

  func all(of topic: String) -> [KeptField] {
    topics.withLockedValue { $0[Key(topic)]?.map { KeptField(name: $0.key, content: $0.value) } ?? [] }
  }

  /// All that is kept: for tests, which put back what there was before, or nothing.
  package var all: [Key: [ByteBuffer: ByteBuffer]] {
    get { topics.withLockedValue { $0 } }
    set { topics.withLockedValue { $0 = newValue } }
  }
}
