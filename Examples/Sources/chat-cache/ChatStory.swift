import PodShare
import Story

/// Two pods share the newest messages of a chat room.
///
/// What each step promises is checked: the program ends with exit code 1 if it does not hold.
@main
enum ChatStory {
  static func main() async {
    await tell(run)
  }

  static func run() async throws {
    let network = MemoryNetwork()
    let berlin = try await ChatPod.start("berlin", on: network)
    let oslo = try await ChatPod.start("oslo", on: network)

    try await talk(berlin, oslo)
    try await talkWhileCutOff(berlin, oslo)
    try await goOn(berlin, oslo)
    try checkLaws()

    for pod in [berlin, oslo] { try await pod.stop() }
  }

  static func talk(_ berlin: ChatPod, _ oslo: ChatPod) async throws {
    step("A message is on both pods, whichever took it in")
    try berlin.post(Message("Hello", by: "ann", at: 1))
    try await waitUntil(oslo, holds: 1)
    try oslo.post(Message("Hi Ann", by: "bob", at: 2))
    try await waitUntil(berlin, holds: 2)
    show(berlin.chat)
    try expect(texts(berlin.chat) == ["Hello", "Hi Ann"], "berlin has both, in order")
    try expect(texts(oslo.chat) == ["Hello", "Hi Ann"], "so has oslo")
  }

  static func talkWhileCutOff(_ berlin: ChatPod, _ oslo: ChatPod) async throws {
    step("Two pods that are cut off from one another go on")
    oslo.connection.disconnect()
    try berlin.post(Message("Is anybody there?", by: "ann", at: 3))
    try oslo.post(Message("I am", by: "bob", at: 4))
    try berlin.post(Message("It is so quiet", by: "ann", at: 5))
    try oslo.post(Message("Ann?", by: "bob", at: 6))
    try expect(
      texts(berlin.chat) == ["Hello", "Hi Ann", "Is anybody there?", "It is so quiet"],
      "berlin has what ann wrote")
    try expect(texts(oslo.chat) == ["Hello", "Hi Ann", "I am", "Ann?"], "oslo has what bob wrote")

    step("Once they are together again, nothing is lost")
    oslo.connection.connect()
    try await waitUntil(berlin, holds: 6)
    try await waitUntil(oslo, holds: 6)
    show(berlin.chat)
    try expect(
      texts(berlin.chat) == ["Hello", "Hi Ann", "Is anybody there?", "I am", "It is so quiet", "Ann?"],
      "berlin has all six, in order")
    try expect(oslo.chat.rooms["lobby"] == berlin.chat.rooms["lobby"], "so has oslo")

    step("Without a merge function, the later write of the room would have replaced the other")
    try await wait(for: "lobby", in: berlin.lastWriteWins.rooms) { $0?.messages.last?.text == "Ann?" }
    let kept = berlin.lastWriteWins.messages(in: "lobby").map(\.text)
    try expect(
      kept == ["Hello", "Hi Ann", "I am", "Ann?"], "kept: \(kept.joined(separator: " / "))")
    let lost = texts(berlin.chat).filter { !kept.contains($0) }
    try expect(
      lost == ["Is anybody there?", "It is so quiet"], "lost: \(lost.joined(separator: " / "))")
  }

  static func goOn(_ berlin: ChatPod, _ oslo: ChatPod) async throws {
    step("A room keeps its \(Room.limit) newest messages, the same on both pods")
    for number in 1...20 {
      let pod = number.isMultiple(of: 2) ? berlin : oslo
      try pod.post(Message("Message \(number)", by: "ann", at: 100 + number))
    }
    for pod in [berlin, oslo] {
      try await wait(for: "lobby", in: pod.chat.rooms) { room in
        room?.messages.map(\.text) == (13...20).map { "Message \($0)" }
      }
    }
    try expect(texts(berlin.chat).first == "Message 13", "berlin has the messages from 13 to 20")
    try expect(oslo.chat.rooms["lobby"] == berlin.chat.rooms["lobby"], "so has oslo")

    let changes = oslo.chat.rooms.watch(.key("lobby"))
    try berlin.post(Message("Late", by: "ann", at: 50))
    try berlin.post(Message("Bye", by: "ann", at: 200))
    let change = try await next(in: changes)
    try expect(
      change.change.value?.messages.last?.text == "Bye" && !texts(oslo.chat).contains("Late"),
      "a message older than all of them changes nothing, and is no event; a newer one is")
  }

  static func checkLaws() throws {
    step("The join is one: whatever the order, the grouping and the repetitions, the result is the same")
    let messages = (0..<16).map { Message(id: "\($0)", time: $0 / 2, author: "ann", text: "") }
    let rooms = (0..<16).map { first in Room((0..<6).map { messages[(first + $0 * $0) % 16] }) }
    var tried = 0
    for a in rooms {
      guard a.joined(with: a) == a else { throw Unexpected("idempotent") }
      for b in rooms {
        guard a.joined(with: b) == b.joined(with: a) else { throw Unexpected("commutative") }
        for c in rooms {
          let left = a.joined(with: b).joined(with: c)
          guard left == a.joined(with: b.joined(with: c)) else { throw Unexpected("associative") }
          tried += 1
        }
      }
    }
    try expect(tried == 4_096, "commutative, associative and idempotent for all triples of 16 rooms")
  }

  static func waitUntil(_ pod: ChatPod, holds count: Int) async throws {
    try await wait(for: "lobby", in: pod.chat.rooms) { $0?.messages.count == count }
  }

  static func texts(_ chat: ChatCache) -> [String] {
    chat.messages(in: "lobby").map(\.text)
  }

  static func show(_ chat: ChatCache) {
    for message in chat.messages(in: "lobby") {
      remark("\(message.time)  \(message.author): \(message.text)")
    }
  }
}
