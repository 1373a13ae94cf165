import PodShare
import Testing

@Test func smoke() async throws {
  let network = MemoryNetwork()
  let a = try await Store<Int>.join("n", over: MemoryTransport(on: network))
  try a.set("x", to: 1)
  let b = try await Store<Int>.join("n", over: MemoryTransport(on: network))
  #expect(b["x"] == 1)
  #expect(b.isCaughtUp)
  let watch = b.watch(.all, from: .present)
  try a.setMany(["y": 2, "z": 3])
  #expect(b.snapshot().dictionary == ["x": 1, "y": 2, "z": 3])
  try b.delete("x")
  try await b.flush()
  #expect(a["x"] == nil)
  var seen: [String] = []
  for try await event in watch {
    seen.append(event.key)
    if seen.count == 4 { break }
  }
  #expect(seen[0] == "x" && seen[3] == "x")
  try await a.close()
  try await b.close()
  #expect(throws: StoreError.self) { try a.set("q", to: 1) }
}
