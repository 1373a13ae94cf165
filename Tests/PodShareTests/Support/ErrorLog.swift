import NIOConcurrencyHelpers
import PodShare

/// The errors that a store has reported.
final class ErrorLog: Sendable {
  private let errors = NIOLockedValueBox<[StoreError]>([])

  var all: [StoreError] { errors.withLockedValue { $0 } }

  var codes: [StoreError.Code] { all.map(\.code) }

  func record(_ error: StoreError) {
    errors.withLockedValue { $0.append(error) }
  }

  func count(of code: StoreError.Code) -> Int {
    all.count { $0.code == code }
  }

  func first(_ code: StoreError.Code) -> StoreError? {
    all.first { $0.code == code }
  }
}

// Both are called in the same way, with a closure behind.
// swift-format-ignore: AmbiguousTrailingClosureOverload
extension StoreError {
  /// Runs something that must throw a store's error, and returns that error's code.
  static func code(of body: () throws -> Void) -> Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }

  /// Runs something that must throw a store's error, and returns that error's code.
  static func code(of body: () async throws -> Void) async -> Code? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }
}
