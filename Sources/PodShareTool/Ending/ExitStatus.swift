import ArgumentParser

/// What the process's exit status tells a script. ArgumentParser adds 64, for a command line that makes no sense.
enum ExitStatus: Int32, Sendable, CaseIterable {
  /// The key is not there.
  case missing = 1
  /// Something else went wrong.
  case failed = 2
  case unreachable = 3
  case refused = 4
  case tlsFailed = 5
  case notCaughtUp = 6
  case unconfirmed = 7

  var exitCode: ExitCode { ExitCode(rawValue) }

  /// For help texts.
  static let explanation = """
    EXIT STATUS:
      0   done
      1   the key is missing
      2   something else went wrong, such as output that cannot be written
      3   no peer can be reached, or no server
      4   the peers refuse, as those of another cluster do, or the server does
      5   TLS failed: a wrong certificate on either side, or none
      6   peers were reached, but none of them holds the topic; or nothing is kept of it
      7   written and sent, but no other pod has confirmed it, and no server keeps it
      64  the command line makes no sense
    """
}
