/// JSON has a part that the type does not decode: thrown by ``StrictJSONCodec``.
///
/// Usually a newer build has written a field that this one does not know.
public struct UnknownMemberError: Error, Sendable, Hashable {
  /// One step on the way from a value to a part of it.
  enum Step: Hashable {
    case member(String)
    case element(Int)
  }

  private var parent: [Step] = []
  private let part: Step

  init(_ part: Step) {
    self.part = part
  }

  /// The same as seen from a value around it.
  func inside(_ step: Step) -> UnknownMemberError {
    var error = self
    error.parent.insert(step, at: 0)
    return error
  }

  /// Where it is, as in `limits.burst[2].colour`: from the value down to the member itself.
  ///
  /// Names of more than letters, digits, `_` and `-` are quoted, as in `users["a.b"]`, and those of more than 200 bytes
  /// cut short.
  public var path: String {
    Self.text(of: parent + [part])
  }

  private static func text(of steps: [Step]) -> String {
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
    let kind = if case .element = part { "element" } else { "member" }
    let place = parent.isEmpty ? "" : " at `\(Self.text(of: parent))`"
    return "unknown \(kind) `\(Self.text(of: [part]))`\(place)"
  }
}

extension String {
  fileprivate var isPlain: Bool {
    !isEmpty && utf8.count <= 200 && allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
  }

  // A name that somebody has made megabytes long has no place in a log line.
  fileprivate var quoted: String {
    if utf8.count <= 200 { return debugDescription }
    return "\(String(decoding: utf8.prefix(100), as: UTF8.self).debugDescription)… (\(utf8.count) bytes)"
  }
}
