import PodShare

/// A random number generator whose numbers follow from its seed alone: SplitMix64 (Steele, Lea, Flood: "Fast
/// splittable pseudorandom number generators", 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var base: SplitMix

  public init(seed: UInt64) {
    base = SplitMix(seed: seed)
  }

  public mutating func next() -> UInt64 { base.next() }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }
}
