/// What is at a place, said without references that would have to be counted: nearly all writes replace a value that
/// somebody wrote, and ask no more of it than this.
package enum Occupant: Sendable {
  /// There is no entry.
  case nothing
  /// There is the value of one write, which has this version.
  case value(VersionNumbers)
  /// There is something that has to be looked at.
  case other

  /// The version of a value that is there, nil if there is nothing; nil altogether if that has to be looked at.
  var previous: VersionNumbers?? {
    switch self {
    case .nothing: .some(nil)
    case .value(let numbers): numbers
    case .other: nil
    }
  }
}
