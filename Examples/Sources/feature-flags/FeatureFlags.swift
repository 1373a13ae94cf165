import PodShare

/// The flags on one pod. Whether a feature is on is answered from the pod's own memory, so it can be asked for each
/// request, and goes on being answered while the network is away.
struct FeatureFlags: Sendable {
  let flags: Store<Flag>
  let killSwitches: Store<KillSwitch>

  /// Joins both topics, over one connection.
  static func join(as pod: String, over transport: any Transport) async throws -> FeatureFlags {
    try await FeatureFlags(
      flags: .join("flags", over: transport, configuration: configuration(pod)),
      killSwitches: .join("kill-switches", over: transport, configuration: configuration(pod)))
  }

  private static func configuration<Value: Codable>(_ pod: String) -> StoreConfiguration<Value> {
    var configuration = StoreConfiguration<Value>()
    configuration.nodeID = pod
    // How long the first pod waits for others. The default suits a real network.
    configuration.joinTimeout = .milliseconds(100)
    return configuration
  }

  func isOn(_ feature: Feature, for user: String) -> Bool {
    guard killSwitches[feature.name] == nil else { return false }
    return flags[feature.name]?.includes(user, in: feature) ?? feature.isOnByDefault
  }

  /// Gives the feature to a share of the users, in percent.
  func rollOut(_ feature: Feature, to percent: Int) throws {
    try flags.set(feature.name, to: Flag(rollout: percent))
  }

  /// Stops the feature on all pods, whatever its flag says and whoever changes that.
  func kill(_ feature: Feature, because reason: String) throws {
    try killSwitches.set(feature.name, to: KillSwitch(reason: reason))
  }

  /// Takes the kill switch away: the flag holds again, as it is by now.
  func revive(_ feature: Feature) throws {
    try killSwitches.delete(feature.name)
  }

  func close() async throws {
    try await flags.close()
    try await killSwitches.close()
  }
}
