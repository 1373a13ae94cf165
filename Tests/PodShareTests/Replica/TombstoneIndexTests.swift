import PodShare
import PodShareTestKit
import Testing

@Suite("TombstoneIndex")
struct TombstoneIndexTests {
  private func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }

  @Test(
    "A tombstone is never taken early, and at most a 64th of its time late",
    arguments: 0..<20 as Range<UInt64>)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let timeToLive: Int64 = 6_400
    var index = TombstoneIndex(timeToLive: .nanoseconds(timeToLive))
    var waiting: [Key: Int64] = [:]
    var now: Int64 = 0
    for step in 0..<300 {
      let key = Key("\(step)")
      let time = now - Int64.random(in: 0...min(now, 3_000), using: &generator)
      index.insert(key, deletedAt: at(time))
      waiting[key] = time
      now += Int64.random(in: 0..<500, using: &generator)
      for key in index.takeExpired(at: at(now), limit: .max) {
        let time = waiting.removeValue(forKey: key)
        #expect(time.map { now - $0 >= timeToLive } == true, "seed \(seed): \(key) was taken early or twice")
      }
      for (key, time) in waiting {
        #expect(now - time < timeToLive + 2 * timeToLive / 64, "seed \(seed): \(key) is late")
      }
    }
  }

  @Test("No more than the limit is taken at once, and nothing gets lost")
  func limit() {
    var index = TombstoneIndex(timeToLive: .seconds(64))
    for number in 0..<10 { index.insert(Key("\(number)"), deletedAt: at(Int64(number) * 1_000_000_000)) }
    var taken: [Key] = []
    while true {
      let part = index.takeExpired(at: at(1_000_000_000_000), limit: 3)
      #expect(part.count <= 3)
      if part.isEmpty { break }
      taken += part
    }
    #expect(Set(taken) == Set((0..<10).map { Key("\($0)") }))
    #expect(taken.count == 10)
  }

  @Test("A time to live of nothing, or of ever")
  func extremes() {
    var nothing = TombstoneIndex(timeToLive: .zero)
    nothing.insert(Key("a"), deletedAt: at(5))
    let taken13 = nothing.takeExpired(at: at(6), limit: 10)
    #expect(taken13 == [Key("a")])
    #expect(nothing.isExpired(deletedAt: at(5), at: at(5)))

    var ever = TombstoneIndex(timeToLive: .seconds(Int64.max))
    ever.insert(Key("a"), deletedAt: .earliest)
    let taken14 = ever.takeExpired(at: .latest, limit: 10)
    #expect(taken14 == [])
    #expect(!ever.isExpired(deletedAt: .earliest, at: .latest))
  }

  @Test("A wall clock from before 1970 does no harm")
  func beforeTheEpoch() {
    var index = TombstoneIndex(timeToLive: .seconds(Int64.max))
    index.insert(Key("a"), deletedAt: at(5))
    let taken15 = index.takeExpired(at: Timestamp(nanoseconds: .min), limit: 10)
    #expect(taken15 == [])
    #expect(!index.isExpired(deletedAt: at(5), at: Timestamp(nanoseconds: .min)))
  }
}
