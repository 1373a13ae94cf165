#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads small files. Blocks the thread.
enum TextFile {
  struct Failure: Error, CustomStringConvertible {
    /// To be read behind the file's name.
    let description: String
  }

  static func read(_ path: String, atMost limit: Int) throws(Failure) -> String {
    guard let file = fopen(path, "r") else {
      throw Failure(description: "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else {
      throw Failure(description: "cannot be read: \(String(cString: strerror(errno)))")
    }
    guard count <= limit else { throw Failure(description: "is longer than \(limit) bytes") }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw Failure(description: "is not UTF-8")
    }
    return text
  }
}
