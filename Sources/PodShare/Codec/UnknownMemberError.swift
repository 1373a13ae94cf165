import PodShareJSON

/// JSON has a part that the type does not decode: thrown by ``StrictJSONCodec``.
///
/// Usually a newer build has written a field that this one does not know.
public struct UnknownMemberError: Error, Sendable, Hashable {
  private let steps: [UnreadPart.Step]

  init(_ unread: UnreadPart) {
    steps = unread.path
  }

  /// Where it is, as in `limits.burst[2].colour`: from the value down to the member itself.
  ///
  /// Names of more than letters, digits, `_` and `-` are quoted, as in `users["a.b"]`, and those of more than 200 bytes
  /// cut short.
  public var path: String {
    Self.text(of: steps[...])
  }

  private static func text(of steps: ArraySlice<UnreadPart.Step>) -> String {
    var text = ""
    for step in steps {
      switch step {
      case .element(let index): text += "[\(index)]"
      case .member(let name) where name.isPlain: text += text.isEmpty ? name : ".\(name)"
      case .member(let name): text += "[\(name.quoted)]"
      }
    }
    return text
  }
}

extension UnknownMemberError: CustomStringConvertible {
  public var description: String {
    let kind = if case .element = steps.last { "element" } else { "member" }
    let parent = steps.dropLast()
    let place = parent.isEmpty ? "" : " at `\(Self.text(of: parent))`"
    return "unknown \(kind) `\(Self.text(of: steps.suffix(1)))`\(place)"
  }
}

extension String {
  fileprivate var isPlain: Bool {
    !isEmpty && utf8.count <= 200 && allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
  }
}
