import PodShare

extension TestFleet where Value: Equatable {
  /// How many sync intervals pods are given to become equal.
  private static var patience: Int { 10 }

  /// Heals the network, lets the stores catch up, and returns when all hold the same entries.
  ///
  /// Virtual time passes only if they are not equal at once, up to ten sync intervals. Stores that were
  /// closed are left out.
  ///
  /// - Throws: ``FleetDifferences`` if they do not become equal; what `flush` throws.
  public func settle() async throws {
    try await heal()
    for _ in 0..<Self.patience {
      if differences.isEmpty { return }
      try await passSyncInterval()
    }
    let differences = differences
    guard differences.isEmpty else { throw FleetDifferences(keys: differences) }
  }

  /// The keys under which the stores do not hold the same now, in order.
  private var differences: [FleetDifferences.Difference] {
    let stores = openStores
    let contents = stores.map { store in
      Dictionary(uniqueKeysWithValues: store.snapshot().map { (Key($0.key), $0) })
    }
    let keys = contents.reduce(into: Set<Key>()) { $0.formUnion($1.keys) }
    return keys.sorted().compactMap { key in
      let entries = contents.map { $0[key] }
      guard entries.contains(where: { $0 != entries[0] }) else { return nil }
      let holdings = zip(stores, entries).map { store, entry in
        FleetDifferences.Holding(nodeID: store.nodeID, entry: entry.map { "\($0.value), \($0.version)" })
      }
      return FleetDifferences.Difference(key: key.string, holdings: holdings)
    }
  }
}
