import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is written to standard error meanwhile, by whomever of this process. It is written there afterwards.
func standardError(during body: () async throws -> Void) async throws -> String {
  let file = FileManager.default.temporaryDirectory.appending(path: "podshare-stderr-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: file) }
  let descriptor = open(file.path, O_RDWR | O_CREAT | O_APPEND, 0o600)
  let before = dup(STDERR_FILENO)
  dup2(descriptor, STDERR_FILENO)
  let result: Result<Void, any Error>
  do {
    try await body()
    result = .success(())
  } catch {
    result = .failure(error)
  }
  dup2(before, STDERR_FILENO)
  close(before)
  close(descriptor)
  let written = try Data(contentsOf: file)
  FileHandle.standardError.write(written)
  try result.get()
  return String(decoding: written, as: UTF8.self)
}
