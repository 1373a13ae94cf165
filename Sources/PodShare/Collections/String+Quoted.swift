extension String {
  /// The text in quotes, for an error's message; of one that somebody has made megabytes long, the beginning.
  var quoted: String {
    if utf8.count <= 200 { return debugDescription }
    return "\(String(decoding: utf8.prefix(100), as: UTF8.self).debugDescription)… (\(utf8.count) bytes)"
  }
}
