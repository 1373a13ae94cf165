import Story

/// Pods over TCP on this machine, each a process of its own.
///
/// What each step promises is checked: the program ends with exit code 1 if it does not hold.
enum PodsStory {
  static func run() async throws {
    step("Two pods are two processes, and one knows where the other listens")
    let ann = try ChildPod("ann")
    let annsAddress = try await ann.hear("listens on ")
    let bob = try ChildPod("bob", peers: [annsAddress])
    let bobsAddress = try await bob.hear("listens on ")
    try await expect(bob.hear("linked with ") == "ann", "bob is linked with ann")
    _ = try await bob.hear("joined as bob")

    step("What is written on one is seen on the other")
    try ann.tell("set color blue")
    try await expect(bob.hear("color = ") == "blue, by ann", "bob's watch tells of ann's write")
    try bob.tell("set shape round")
    try await expect(ann.hear("shape = ") == "round, by bob", "ann's watch tells of bob's write")

    step("One is killed: kill -9")
    ann.killAtOnce()
    try await expect(bob.hear("no longer linked with ") == "ann", "bob notices")
    try bob.tell("set color green")
    try await expect(bob.hear("color = ") == "green, by bob", "bob goes on")

    step("A third joins by bob's address alone, and holds everything before it says that it has joined")
    let cleo = try ChildPod("cleo", peers: [bobsAddress])
    let cleosAddress = try await cleo.hear("listens on ")
    _ = try await cleo.hear("joined as cleo")
    try cleo.tell("show")
    let held = try await cleo.hear("holds ")
    try expect(
      held.contains("color=green") && held.contains("shape=round") && held.contains("heartbeat/ann="),
      "cleo holds what bob wrote, and what ann wrote before")

    step("The killed one starts again, with nothing, and is told everything")
    let annAgain = try ChildPod("ann", peers: [bobsAddress, cleosAddress])
    _ = try await annAgain.hear("joined as ann")
    try annAgain.tell("show")
    try await expect(annAgain.hear("holds ").contains("color=green"), "ann knows what happened meanwhile")
    try annAgain.tell("set color red")
    try await expect(cleo.hear("color = ") == "red, by ann", "cleo's watch tells of ann's write")

    step("All leave")
    for pod in [annAgain, bob, cleo] { try await pod.leave() }
  }
}
