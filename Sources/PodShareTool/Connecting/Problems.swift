import NIOConcurrencyHelpers
import PodShare
import PodShareP2P
import PodShareRedis

/// What went wrong that nobody was waiting for. It explains afterwards why something did not come about.
final class Problems: Sendable {
  private struct Reports {
    var mesh: [P2PError] = []
    var redis: [RedisError] = []
    var store: [StoreError] = []
    var isTelling: Bool
    var hasBeenLinked = false
  }

  private let reports: NIOLockedValueBox<Reports>

  /// - Parameter isTelling: Whether each problem is written to standard error as it comes.
  init(isTelling: Bool) {
    reports = NIOLockedValueBox(Reports(isTelling: isTelling))
  }

  /// From now on each problem is written to standard error as it comes.
  func tellFromNowOn() {
    reports.withLockedValue { $0.isTelling = true }
  }

  func report(_ error: P2PError) {
    add {
      $0.mesh.append(error)
    } telling: {
      "\(error)"
    }
  }

  func report(_ error: RedisError) {
    add {
      $0.redis.append(error)
    } telling: {
      "\(error)"
    }
  }

  func report(_ error: StoreError) {
    add {
      $0.store.append(error)
    } telling: {
      "\(error)"
    }
  }

  private func add(_ change: (inout Reports) -> Void, telling text: () -> String) {
    let isTelling = reports.withLockedValue { reports in
      change(&reports)
      // What explains anything are the first ones and the last.
      if reports.mesh.count > Self.limit { reports.mesh.remove(at: Self.limit / 2) }
      if reports.redis.count > Self.limit { reports.redis.remove(at: Self.limit / 2) }
      if reports.store.count > Self.limit { reports.store.remove(at: Self.limit / 2) }
      return reports.isTelling
    }
    if isTelling { LineWriter.standardError.post(line: "podshare: \(text().singleLine)") }
  }

  /// Some pod was linked with, or the server connected to.
  func noteLink() {
    reports.withLockedValue { $0.hasBeenLinked = true }
  }

  /// Whether any pod was ever linked with, or the server connected to.
  var hasBeenLinked: Bool { reports.withLockedValue { $0.hasBeenLinked } }

  var redis: [RedisError] { reports.withLockedValue { $0.redis } }

  var mesh: [P2PError] { reports.withLockedValue { $0.mesh } }

  /// Forgets what the store reported of one kind, and has made good since.
  func forgetStore(_ code: StoreError.Code) {
    reports.withLockedValue { $0.store.removeAll { $0.code == code } }
  }

  /// What the store reported of one kind.
  func store(_ code: StoreError.Code) -> StoreError? {
    reports.withLockedValue { $0.store.last { $0.code == code } }
  }

  private static var limit: Int { 64 }
}
