/// Pods did not end up as they must. Thrown by ``checkConvergence(of:merge:codec:seeds:pods:)``.
public struct ConvergenceError: Error {
  static let logLines = 60

  /// What is wrong.
  public let reason: String

  /// The seed of the run in which it went wrong; nil if it was wrong before any run.
  public let seed: UInt64?

  /// The end of what happened in that run, by virtual time.
  public let log: [String]

  init(_ reason: String, seed: UInt64? = nil, log: [String] = []) {
    self.reason = reason
    self.seed = seed
    self.log = log
  }
}

extension ConvergenceError: CustomStringConvertible {
  public var description: String {
    guard let seed else { return reason }
    return """
      \(reason)
      replay with seeds: \(seed)...\(seed); the run ended with
      \(log.joined(separator: "\n"))
      """
  }
}
