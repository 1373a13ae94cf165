import Foundation

/// Something is not as the example says.
public struct Unexpected: Error, CustomStringConvertible {
  let what: String

  public init(_ what: String) {
    self.what = what
  }

  public var description: String { "not so: \(what)" }
}

/// Runs an example from its first step to its last. The program ends with exit code 1 if something is not as the
/// example says, or if it is still not done after a minute.
public func tell(_ story: @escaping @Sendable () async throws -> Void) async {
  do {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(operation: story)
      group.addTask {
        try await Task.sleep(for: .seconds(60))
        throw Unexpected("done within a minute")
      }
      defer { group.cancelAll() }
      try await group.next()
    }
    print("\nAll as it should be.")
  } catch {
    print("\nError: \(error)")
    exit(EXIT_FAILURE)
  }
}

public func step(_ title: String) {
  print("\n\(title).")
}

/// Prints what happens, where there is nothing to check.
public func remark(_ what: String) {
  print("    \(what)")
}

/// Prints what holds, and throws if it does not.
public func expect(_ condition: Bool, _ what: String) throws {
  guard condition else { throw Unexpected(what) }
  print("  ✓ \(what)")
}
