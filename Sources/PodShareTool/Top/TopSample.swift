import PodShare

/// What a pod knows of its fleet at one moment.
struct TopSample: Sendable {
  let time: Timestamp
  let statistics: StoreStatistics
  let members: [Member]
  let addresses: [String: String]
}

extension TopSample {
  init(_ connection: Connection) async {
    let addresses = await connection.addresses
    let store = connection.store
    self.init(
      time: .now(), statistics: store.statistics, members: store.members, addresses: addresses)
  }
}
