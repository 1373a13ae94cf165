/// A part of JSON text: a key, or a value as far as it could be told without looking into it.
///
/// The tokens of a text stand one after the other, those of a member's key and value and of an object's members too. An
/// object or array takes two places; ``Extent`` is the second.
struct Token: BitwiseCopyable {
  enum Kind: UInt8 {
    case null, `true`, `false`, number, string, object, array
    /// The second place of an object or an array.
    case extent
  }

  /// What has been found out in passing.
  struct Flags: OptionSet, BitwiseCopyable {
    var rawValue: UInt16

    /// A string without escapes and control characters: its bytes are its text, if they are UTF-8.
    static let isSimple = Flags(rawValue: 1 << 0)
    /// A string that is all ASCII, too.
    static let isPlain = Flags(rawValue: 1 << 1)
    /// A number of digits only, perhaps with a sign.
    static let isInteger = Flags(rawValue: 1 << 2)
    /// An object of which a key is not plain, so that other bytes may be the same key.
    static let hasOddKeys = Flags(rawValue: 1 << 3)
    /// An object of which two keys are the same bytes.
    static let hasRepeatedKeys = Flags(rawValue: 1 << 4)
    /// A key that the type has asked for.
    static let isAskedFor = Flags(rawValue: 1 << 5)
    /// A value that a decoder has been made for.
    static let isVisited = Flags(rawValue: 1 << 6)
    /// An array that has been opened as one.
    static let isOpened = Flags(rawValue: 1 << 7)
  }

  var kind: Kind
  var flags: Flags = []
  /// A string or number: where its text begins. An object: the key to look at first. An array: how many elements have
  /// been read.
  var offset: UInt32
  /// A string or number: how many bytes its text has. An object or array: how many members or elements.
  var length: UInt32
  /// A key: its hash. An object or array: the place of the token behind it.
  var link: UInt32
}

/// The second place of an object or array, by its use of a token's fields.
extension Token {
  /// The object or array around it; 0 if there is none.
  var parent: UInt32 { offset }
  /// In an array: its index. In an object: the place of its key.
  var ordinal: UInt32 { length }
  /// Where the index of an object with many members begins, plus one; 0 if it has none.
  var index: UInt32 { link }
}
