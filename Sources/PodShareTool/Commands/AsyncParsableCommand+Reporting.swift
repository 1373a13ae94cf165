import ArgumentParser

extension AsyncParsableCommand {
  /// Does a command's work. What stops it is told on standard error, and by the exit status.
  func reportingFailure(_ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch let failure as Failure {
      _ = await LineWriter.standardError.write(line: "podshare: \(failure.message.singleLine)")
      throw failure.status.exitCode
    }
  }

  /// Writes a command's result. Nobody reading it is no failure.
  func output(_ line: String) async {
    _ = await LineWriter.standardOutput.write(line: line)
  }
}
