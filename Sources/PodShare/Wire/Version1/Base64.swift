import NIOCore

/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")
  private static let invalid: UInt8 = 0xff

  private static let sextets: [UInt8] = {
    var sextets = [UInt8](repeating: invalid, count: 256)
    for (sextet, character) in alphabet.enumerated() { sextets[Int(character)] = UInt8(sextet) }
    return sextets
  }()

  /// Appends the text of `bytes`.
  static func encode(_ bytes: ByteBufferView, into buffer: inout ByteBuffer) {
    let alphabet = alphabet
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = bytes.startIndex
    while index + 3 <= bytes.endIndex {
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(alphabet[Int(group >> 6 & 63)])
      text.append(alphabet[Int(group & 63)])
      index += 3
    }
    switch bytes.endIndex - index {
    case 1:
      let group = UInt32(bytes[index]) << 16
      text += [alphabet[Int(group >> 18)], alphabet[Int(group >> 12 & 63)], padding, padding]
    case 2:
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8
      text += [
        alphabet[Int(group >> 18)], alphabet[Int(group >> 12 & 63)], alphabet[Int(group >> 6 & 63)], padding,
      ]
    default: break
    }
    buffer.writeBytes(text)
  }

  /// The bytes that a text stands for; nil if it is no Base64. As Go's decoder does, it ignores carriage returns and
  /// line feeds wherever they stand, and the bits that the last character has too many.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let sextets = sextets
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    var characters = 0
    var paddings = 0
    for character in text {
      let sextet = sextets[Int(character)]
      if sextet != invalid {
        guard paddings == 0 else { return nil }
        group = group << 6 | UInt32(sextet)
      } else if character == padding {
        // Only in place of the third and fourth character of the last group.
        guard characters & 3 >= 2 else { return nil }
        paddings += 1
        group <<= 6
      } else if character == UInt8(ascii: "\n") || character == UInt8(ascii: "\r") {
        continue
      } else {
        return nil
      }
      characters += 1
      guard characters & 3 == 0 else { continue }
      bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      if paddings < 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
      if paddings < 1 { bytes.append(UInt8(truncatingIfNeeded: group)) }
      group = 0
    }
    return characters & 3 == 0 ? bytes : nil
  }
}
