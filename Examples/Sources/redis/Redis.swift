import ArgumentParser
import PodShare
import PodShareRedis
import Story

@main
struct Redis: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redis",
    abstract: "Pods that meet at a Redis server, which is killed, and forgets everything.",
    discussion: "It starts a server of its own: redis-server must be in the path."
  )

  func run() async throws {
    await tell(Self.story)
  }

  private static func story() async throws {
    let server = try Server()
    defer { server.kill() }

    step("Three pods join over a server")
    let pods = try ["ann", "bob", "cat"].map { try Pod($0, at: server) }
    var stores: [Store<String>] = []
    for pod in pods { stores.append(try await pod.join()) }
    let (ann, bob, cat) = (stores[0], stores[1], stores[2])
    try ann.set("greeting", to: "hello")
    try await wait(for: "greeting", in: bob, toBe: { $0 == "hello" })
    try expect(bob["greeting"] == "hello", "bob reads what ann wrote")

    step("The server is killed; the pods go on")
    server.kill()
    try await pods[0].isDisconnected()
    try ann.set("from ann", to: "written while the server was away")
    try bob.delete("greeting")
    try expect(ann["from ann"] != nil && bob["greeting"] == nil, "each pod reads what it wrote")

    step("It is started again, and has kept nothing")
    try server.start()
    try await wait(for: "from ann", in: cat, toBe: { $0 != nil })
    try await wait(for: "greeting", in: ann, toBe: { $0 == nil })
    try expect(cat["from ann"] != nil && ann["greeting"] == nil, "what was written meanwhile is everywhere")

    step("All pods leave, and a new one comes")
    for store in stores { try await store.close() }
    for pod in pods { try await pod.close() }
    let dan = try Pod("dan", at: server)
    let store = try await dan.join()
    try expect(
      store.snapshot().dictionary == ["from ann": "written while the server was away"], "dan finds everything"
    )
    try expect(store.isCaughtUp, "and knows that this is all")
    try await store.close()
    try await dan.close()
  }
}
