import PodShare

/// What is to become of one message.
///
/// It follows from the seed, the direction, the topic and the message's number on that topic, and from the faults at
/// that moment: what goes on elsewhere does not change it. Every message draws as many numbers, so that one fault does
/// not change what another does.
struct Fate {
  struct Copy {
    var delay: Duration
    var isHeldBack: Bool
  }

  /// None if the message is lost, two if it is doubled.
  var copies: [Copy]

  init(of message: MessageNumber, seed: UInt64, faults: Faults.Direction) {
    var random = message.generator(seed: seed)
    let isLost = random.chance(faults.loss)
    let isDoubled = random.chance(faults.duplication)
    let copies = (0..<2).map { _ in
      let delay = Double.random(in: 0..<1, using: &random)
      let isHeldBack = random.chance(faults.reordering)
      let lag = Double.random(in: 0..<1, using: &random)
      return Copy(
        delay: faults.delay.at(delay) + (isHeldBack ? faults.lag.at(lag) : .zero), isHeldBack: isHeldBack)
    }
    self.copies = isLost || faults.isCut ? [] : Array(copies.prefix(isDoubled ? 2 : 1))
  }
}

/// Which message it is: the how many-eth of those that go this way.
struct MessageNumber {
  /// The messages of one topic that go in one direction.
  struct Way: Hashable {
    var topic: Key
    var isInbound: Bool
  }

  var way: Way
  var number: UInt64

  fileprivate func generator(seed: UInt64) -> SeededGenerator {
    // FNV-1a, as Swift's own hashes differ from process to process.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in way.topic.string.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var mixer = SeededGenerator(seed: seed ^ hash ^ (way.isInbound ? 0x5555_5555_5555_5555 : 0))
    // Through the generator twice, or the numbers of one message would be those of the next, moved by one.
    mixer = SeededGenerator(seed: mixer.next() &+ number &* 0xd134_2543_de82_ef95)
    return SeededGenerator(seed: mixer.next())
  }
}

extension ClosedRange<Duration> {
  fileprivate func at(_ fraction: Double) -> Duration {
    lowerBound + (upperBound - lowerBound) * fraction
  }
}
