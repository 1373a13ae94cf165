/// What a version comes to in numbers: all that tells it from others but for two authors of one instant, whose names decide.
package struct VersionNumbers: Sendable {
  let timestamp: Timestamp
  let sequence: UInt64
  let authorDigest: UInt64
}

extension VersionNumbers {
  package init(_ version: Version) {
    self.init(
      timestamp: version.timestamp, sequence: version.sequence, authorDigest: version.author.digest)
  }
}
