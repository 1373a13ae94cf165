/// What a ``FaultyTransport`` has done to messages since it was made.
public struct FaultStatistics: Sendable, Hashable {
  /// What it has done to the messages that went in one direction.
  public struct Direction: Sendable, Hashable {
    /// All messages that were taken, whatever became of them.
    public var messages = 0
    /// Messages lost: by chance, by a cut, or on their way when the connection was lost.
    public var lost = 0
    /// Messages that were sent twice.
    public var doubled = 0
    /// Messages and copies of them that did not go on at once.
    public var delayed = 0
    /// Those among the delayed that were held back, so that others could overtake them.
    public var heldBack = 0
  }

  /// Published messages.
  public var outbound = Direction()

  /// Messages that came in, once for each subscription.
  public var inbound = Direction()

  /// Published messages that were refused, the queue being full or the connection lost.
  public var refused = 0
}
