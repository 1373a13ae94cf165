import Foundation

enum Keys {
  /// Keys of 20 bytes.
  static func make(_ count: Int) -> [String] {
    (0..<count).map { key($0) }
  }

  static func key(_ number: Int) -> String {
    "tenant:" + String(repeating: "0", count: 13 - String(number).count) + String(number)
  }

  /// The same keys in an order that no cache foresees, each a string of its own.
  static func shuffled(_ count: Int) -> [String] {
    make(count).shuffled()
  }
}
