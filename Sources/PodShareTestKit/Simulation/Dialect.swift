package import PodShare

/// What a simulation is about: how values are made, encoded and merged, and who takes part.
package struct Dialect<Value: Sendable & Equatable>: Sendable {
  /// A build that is older than the others and cannot decode some of their values.
  package struct OldBuild: Sendable {
    package var codec: any Codec<Value>
    /// Whether it can decode the value made of a number. No build writes what it cannot read.
    package var reads: @Sendable (Int) -> Bool

    package init(codec: any Codec<Value>, reads: @escaping @Sendable (Int) -> Bool) {
      self.codec = codec
      self.reads = reads
    }
  }

  package var merge: Merge<Value>?
  package var codec: any Codec<Value>
  /// What a part of the pods run, if there is such a build.
  package var oldBuild: OldBuild?
  /// Whether a part of the pods write wire version 1. Only without a merge function: with one, version 1 says too little
  /// for all orders of arrival to come out alike.
  package var hasVersion1Pods = false
  /// Whether messages are lost or much delayed, queues are full, pods cut off from others without anybody being told,
  /// stand still for longer than others take them for gone, and crash at any time.
  package var isHostile = false
  /// Whether pods are off the network for longer than tombstones are kept.
  package var hasLongAbsences = false
  /// Whether clocks are days off, or fifty years ahead.
  package var hasWildClocks = false
  /// Makes a value of a number that no other write has.
  package var value: @Sendable (Int) -> Value
  /// How many pods there are in the beginning.
  package var firstPods = 1...3
  /// How many there are at most at a time.
  package var maxPods = 5

  package init(
    merge: Merge<Value>?, codec: any Codec<Value>, oldBuild: OldBuild? = nil,
    value: @escaping @Sendable (Int) -> Value
  ) {
    self.merge = merge
    self.codec = codec
    self.oldBuild = oldBuild
    self.value = value
  }

  /// Whether a pod that has just written `written` and shows `shown` shows what it has written.
  func shows(_ shown: Value, _ written: Value) -> Bool {
    guard let merge else { return shown == written }
    return merge.join(shown, written) == shown
  }
}
