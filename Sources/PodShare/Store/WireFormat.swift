/// What a store writes. All formats are always read.
public enum WireFormat: UInt8, Sendable, CaseIterable {
  /// JSON, the protocol of the Go library podshare: for topics that are shared with Go pods.
  ///
  /// It carries one write of one key. A batch travels as one message for each of its entries, so that other pods may
  /// see it in parts. What a delete ended in merge mode is told by versions alone. Entries with a lifetime, and values
  /// kept undecoded beside others, cannot be written in it; they are reported as
  /// ``StoreError/Code/unrepresentable`` and reach only the pods that speak version 2, by way of its side topics.
  case v1 = 1
  /// Compact, binary, a whole batch in one message. The default.
  case v2 = 2

  /// The newest version of the protocol that this build speaks.
  public static let newest = WireFormat.v2
}
