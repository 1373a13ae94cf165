/// What few entries have beyond a value and its version, boxed so that the others do not pay for it.
final class EntryDetails: Sendable {
  enum Content: Sendable {
    case value
    case tombstone(deletedAt: Timestamp)
    /// The version is that of the value that is still shown, if there is one.
    case opaque([OpaqueWrite], readable: Version?)
  }

  let epoch: Epoch
  let content: Content
  let fingerprint: UInt64?

  init(epoch: Epoch, content: Content, fingerprint: UInt64?) {
    self.epoch = epoch
    self.content = content
    self.fingerprint = fingerprint
  }
}
