import PodShare

/// How much happened a second between two moments.
struct TopRates: Sendable, Equatable {
  /// Writes of other pods that changed an entry.
  var writes = 0.0
  /// Writes that came and changed nothing.
  var superseded = 0.0
  /// Messages of all kinds.
  var messagesReceived = 0.0
  var messagesSent = 0.0
  /// Bytes of heartbeats, comparisons and states.
  var syncBytesReceived = 0.0
  var syncBytesSent = 0.0

  init(from earlier: StoreStatistics, to later: StoreStatistics, over time: Duration) {
    let seconds = time / .seconds(1)
    guard seconds > 0 else { return }
    func rate(_ counter: KeyPath<StoreStatistics, UInt64>) -> Double {
      let (before, after) = (earlier[keyPath: counter], later[keyPath: counter])
      return after > before ? Double(after - before) / seconds : 0
    }
    writes = rate(\.appliedWrites)
    superseded = rate(\.rejectedWrites)
    messagesReceived = rate(\.messagesReceived)
    messagesSent = rate(\.messagesSent)
    syncBytesReceived = rate(\.syncBytesReceived)
    syncBytesSent = rate(\.syncBytesSent)
  }
}
