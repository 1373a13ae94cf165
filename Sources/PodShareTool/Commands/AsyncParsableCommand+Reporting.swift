import ArgumentParser

extension AsyncParsableCommand {
  /// Does a command's work. What stops it is told on standard error, and by the exit status.
  func reportingFailure(_ work: () async throws -> Void) async throws {
    do {
      try StandardStreams.secure()
      try await work()
      try StandardStreams.checkOutput()
    } catch let failure as Failure {
      _ = await LineWriter.standardError.write(line: "podshare: \(failure.message.singleLine)")
      throw failure.status.exitCode
    }
  }

  /// Writes a command's result. Whether that could be done is looked at when the command's work is.
  func output(_ line: String) async {
    _ = await LineWriter.standardOutput.write(line: line)
  }
}
