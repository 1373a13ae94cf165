import Foundation
import PodShareJSON
import Testing

/// Types that use their encoder in all ways at once: containers open side by side, written in any order, opened again,
/// keys that are encoded twice, and values within that write to the containers around them.
@Suite("Random use of an encoder")
struct RandomProgramTests {
  @Test("makes the same JSON as with Foundation", arguments: 0..<2_000 as Range<UInt64>)
  func program(seed: UInt64) throws {
    let program = Program(seed: seed, depth: 3, around: nil)
    let ours = Result { try encoded(program) }
    let theirs = Result { try encodedByFoundation(program) }
    switch (ours, theirs) {
    case (.success(let ours), .success(let theirs)): #expect(sorted(ours) == theirs, "seed \(seed)")
    case (.failure(let ours), .failure(let theirs)):
      #expect(summary(of: ours).prefix(12) == summary(of: theirs).prefix(12), "seed \(seed)")
    default: Issue.record("seed \(seed): \(ours), but \(theirs)")
    }
  }
}

private struct Program: Encodable {
  let seed: UInt64
  let depth: Int
  /// The containers of the value around this one.
  let around: Scope?

  func encode(to encoder: any Encoder) throws {
    var random = Seeded(seed)
    let scope = Scope()
    switch random.number(8) {
    case 0: return  // Nothing at all.
    case 1:
      var container = encoder.singleValueContainer()
      return try container.encode(Program(seed: random.next(), depth: depth - 1, around: nil))
    case 2, 3: scope.arrays.append(encoder.unkeyedContainer())
    default: scope.objects.append(.init(encoder.container(keyedBy: Shaped.Key.self)))
    }
    for _ in 0..<random.number(12) {
      if random.number(10) == 0, let around, !around.objects.isEmpty {
        // Under a name that the value around this one has not used for anything else.
        let object = around.objects[random.number(around.objects.count)]
        var container = object.container
        try container.encode(random.number(100), forKey: Shaped.Key(stringValue: "from within"))
      }
      try step(in: scope, encoder, &random)
    }
  }

  private func step(in scope: Scope, _ encoder: any Encoder, _ random: inout Seeded) throws {
    if scope.arrays.isEmpty || (!scope.objects.isEmpty && random.number(2) == 0) {
      try step(in: scope, scope.objects[random.number(scope.objects.count)], encoder, &random)
    } else {
      try step(in: scope, array: random.number(scope.arrays.count), &random)
    }
  }

  private func child(_ scope: Scope, _ random: inout Seeded) -> Program {
    Program(seed: random.next(), depth: depth - 1, around: scope)
  }

  private func step(
    in scope: Scope, _ object: Scope.Object, _ encoder: any Encoder, _ random: inout Seeded
  ) throws {
    let names = ["a", "b", "c", "a\"", "é", "longer than that"]
    let name = names[random.number(names.count)]
    let key = Shaped.Key(stringValue: name)
    let kind = object.members.kinds[name]
    // Values within use it, too, so it must not be held.
    var container = object.container
    switch random.number(depth > 0 ? 9 : 4) {
    case 0: try container.encode(random.number(100), forKey: key)
    case 1: try container.encode(random.text(), forKey: key)
    case 2: try container.encodeNil(forKey: key)
    case 3: try container.encodeIfPresent(random.number(2) == 0 ? 1.5 : nil, forKey: key)
    case 4: try container.encode(child(scope, &random), forKey: key)
    case 5:
      guard kind == nil || kind == .object else { return }
      let nested = Scope.Object(container.nestedContainer(keyedBy: Shaped.Key.self, forKey: key))
      // What it holds already if it was opened before, or if it was encoded as a whole below.
      if kind == .object {
        nested.members = object.members.opened[name] ?? .init(["x": .other, "a": .other])
      }
      object.members.kinds[name] = .object
      object.members.opened[name] = nested.members
      scope.objects.append(nested)
      return
    case 6:
      guard kind == nil || kind == .array else { return }
      scope.arrays.append(container.nestedUnkeyedContainer(forKey: key))
      object.members.kinds[name] = .array
      return
    case 7:
      try child(scope, &random).encode(to: container.superEncoder(forKey: key))
    default:
      let value = ["x": random.number(9), "a": 1]
      try container.encode(value, forKey: key)
      // An object that was encoded as a whole may be opened.
      object.members.kinds[name] = .object
      object.members.opened[name] = nil
      return
    }
    object.members.kinds[name] = .other
    object.members.opened[name] = nil
  }

  private func step(in scope: Scope, array: Int, _ random: inout Seeded) throws {
    var container = scope.arrays[array]
    switch random.number(depth > 0 ? 8 : 4) {
    case 0: try container.encode(random.number(100))
    case 1: try container.encode(random.text())
    case 2: try container.encodeNil()
    case 3: try container.encode([random.text()])
    case 4: try container.encode(child(scope, &random))
    case 5:
      scope.objects.append(.init(container.nestedContainer(keyedBy: Shaped.Key.self)))
    case 6: scope.arrays.append(container.nestedUnkeyedContainer())
    default: try child(scope, &random).encode(to: container.superEncoder())
    }
  }

  /// The containers that are open.
  final class Scope {
    final class Object {
      enum Kind {
        case object, array, other
      }

      /// What its members are, known to all containers of one object.
      final class Members {
        var kinds: [String: Kind]
        var opened: [String: Members] = [:]

        init(_ kinds: [String: Kind]) {
          self.kinds = kinds
        }
      }

      var container: KeyedEncodingContainer<Shaped.Key>
      var members = Members([:])

      init(_ container: KeyedEncodingContainer<Shaped.Key>) {
        self.container = container
      }
    }

    var objects: [Object] = []
    var arrays: [any UnkeyedEncodingContainer] = []
  }
}
