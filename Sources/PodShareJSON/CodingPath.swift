extension EncodingError {
  /// The same error, with a key of the type's own in its path in place of one that only has the name.
  func naming(_ key: some CodingKey, at depth: Int) -> EncodingError {
    guard case .invalidValue(let value, let context) = self else { return self }
    guard let path = context.codingPath.naming(key, at: depth) else { return self }
    return .invalidValue(
      value,
      .init(
        codingPath: path, debugDescription: context.debugDescription,
        underlyingError: context.underlyingError))
  }
}

extension DecodingError {
  /// The same error, with a key of the type's own in its path in place of one that only has the name.
  func naming(_ key: some CodingKey, at depth: Int) -> DecodingError {
    func named(_ context: Context) -> Context? {
      context.codingPath.naming(key, at: depth).map {
        Context(
          codingPath: $0, debugDescription: context.debugDescription,
          underlyingError: context.underlyingError)
      }
    }
    switch self {
    case .typeMismatch(let type, let context): return named(context).map { .typeMismatch(type, $0) } ?? self
    case .valueNotFound(let type, let context): return named(context).map { .valueNotFound(type, $0) } ?? self
    case .keyNotFound(let missing, let context):
      return named(context).map { .keyNotFound(missing, $0) } ?? self
    case .dataCorrupted(let context): return named(context).map { .dataCorrupted($0) } ?? self
    @unknown default: return self
    }
  }
}

extension [any CodingKey] {
  fileprivate func naming(_ key: some CodingKey, at depth: Int) -> [any CodingKey]? {
    guard depth < count, self[depth] is JSONKey, self[depth].stringValue == key.stringValue else {
      return nil
    }
    var path = self
    path[depth] = key
    return path
  }
}
