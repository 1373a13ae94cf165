import Foundation

/// A file of a test's own, which need not exist.
struct TemporaryFile: Sendable {
  let url = FileManager.default.temporaryDirectory.appending(path: "podshare-peers-\(UUID())")

  var path: String { url.path }

  /// In place, so that what is there changes bit by bit.
  func write(_ text: String) throws { try Data(text.utf8).write(to: url) }

  func remove() { try? FileManager.default.removeItem(at: url) }
}
