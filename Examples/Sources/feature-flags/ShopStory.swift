import PodShare
import Story

/// Three pods of a shop share feature flags.
///
/// What each step promises is checked: the program ends with exit code 1 if it does not hold.
@main
enum ShopStory {
  static func main() async {
    await tell(run)
  }

  static func run() async throws {
    let network = MemoryNetwork()
    let berlin = try await ShopPod.start("berlin", on: network)
    let oslo = try await ShopPod.start("oslo", on: network)
    let lima = try await ShopPod.start("lima", on: network)

    try defaults(on: [berlin, oslo, lima])
    try await flip(berlin, oslo)
    try await rollOut(berlin, oslo)
    try await kill(berlin, oslo, lima)

    for pod in [berlin, oslo, lima] { try await pod.stop() }
  }

  static func defaults(on pods: [ShopPod]) throws {
    step("While nobody has set a flag, the default in the code holds")
    for pod in pods {
      try expect(
        !pod.flags.isOn(.newCheckout, for: "ann") && pod.flags.isOn(.recommendations, for: "ann"),
        "\(pod.name): new-checkout is off, recommendations is on")
    }
  }

  static func flip(_ berlin: ShopPod, _ oslo: ShopPod) async throws {
    step("A flag that is flipped on one pod is seen by the request handlers of another")
    let changes = oslo.flags.flags.watch()
    try expect(oslo.checkout(for: "ann") == "the old checkout", "oslo serves ann the old checkout")
    try berlin.flags.rollOut(.newCheckout, to: 100)
    try await show(next(in: changes), on: oslo)
    try expect(oslo.checkout(for: "ann") == "the new checkout", "oslo serves ann the new checkout")
    try berlin.flags.rollOut(.newCheckout, to: 0)
    try await show(next(in: changes), on: oslo)
    try expect(oslo.checkout(for: "ann") == "the old checkout", "oslo serves ann the old checkout again")
  }

  static func rollOut(_ berlin: ShopPod, _ oslo: ShopPod) async throws {
    step("A roll-out by percentage is stable: while it grows, nobody is taken out")
    let users = (1...10_000).map { "user-\($0)" }
    let changes = oslo.flags.flags.watch()
    var before: Set<String> = []
    for percent in [0, 10, 50, 100] {
      try berlin.flags.rollOut(.newCheckout, to: percent)
      _ = try await next(in: changes)
      let onOslo = Set(users.filter { oslo.flags.isOn(.newCheckout, for: $0) })
      let onBerlin = Set(users.filter { berlin.flags.isOn(.newCheckout, for: $0) })
      try expect(
        abs(onOslo.count - users.count * percent / 100) <= 150 && onOslo == onBerlin
          && onOslo.isSuperset(of: before),
        "at \(percent) % it is on for \(onOslo.count) of \(users.count) users, the same on both pods, "
          + "those of before among them")
      before = onOslo
    }
    try expect(
      Flag.place(of: "ann", in: .newCheckout) == 98,
      "ann's place is 98 of 0 to 99, in every process, so she is among the last to get it")
    let both = users.count {
      Flag.place(of: $0, in: .newCheckout) < 50 && Flag.place(of: $0, in: .recommendations) < 50
    }
    try expect(
      abs(both - users.count / 4) <= 150, "of two features at 50 % each, \(both) users would have both")
  }

  static func kill(_ berlin: ShopPod, _ oslo: ShopPod, _ lima: ShopPod) async throws {
    step("A kill switch stops all pods with one write, also those that only hear of it later")
    let feature = Feature.newCheckout
    try await wait(for: feature.name, in: lima.flags.flags) { $0?.rollout == 100 }
    lima.connection.disconnect()
    remark("lima is cut off")

    try berlin.flags.kill(feature, because: "orders are charged twice")
    try expect(berlin.checkout(for: "ann") == "the old checkout", "berlin has stopped it")
    try await wait(for: feature.name, in: oslo.flags.killSwitches) { $0 != nil }
    try expect(oslo.checkout(for: "ann") == "the old checkout", "oslo has stopped it")
    try expect(lima.checkout(for: "ann") == "the new checkout", "lima, which cannot know, goes on with it")

    // This write is later than the kill switch. Were the switch a field of the flag, it would be undone here.
    try lima.flags.rollOut(feature, to: 80)
    lima.connection.connect()
    remark("lima, which has set the roll-out to 80 % meanwhile, is back")
    try await wait(for: feature.name, in: lima.flags.killSwitches) { $0 != nil }
    try expect(lima.checkout(for: "ann") == "the old checkout", "lima has stopped it")
    try await wait(for: feature.name, in: berlin.flags.flags) { $0?.rollout == 80 }
    try expect(
      berlin.checkout(for: "user-1") == "the old checkout",
      "berlin knows of the 80 %, and still has it stopped")

    try oslo.flags.revive(feature)
    try await wait(for: feature.name, in: lima.flags.killSwitches) { $0 == nil }
    try await wait(for: feature.name, in: berlin.flags.killSwitches) { $0 == nil }
    try expect(
      berlin.checkout(for: "user-1") == "the new checkout", "without the switch it is on again, for the 80 %")
  }

  static func show(_ event: Event<Flag>, on pod: ShopPod) {
    let rollout = event.change.value.map { "\($0.rollout) %" } ?? "its default"
    remark("\(pod.name)'s watch: \(event.key) is at \(rollout), by \(event.origin)")
  }
}
