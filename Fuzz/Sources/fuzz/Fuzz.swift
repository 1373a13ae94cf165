import Foundation
@_spi(Fuzzing) import PodShareP2P
@_spi(Fuzzing) import PodShareRedis
@_spi(Fuzzing) import PodShareTestKit

/// The environment names the target, so that one build serves all of them.
private let run: @Sendable ([UInt8]) -> Void = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  switch name {
  case "link": return { LinkFuzzing.run($0) }
  case "redis": return { RedisFuzzing.run($0) }
  default: break
  }
  guard let target = FuzzTarget(rawValue: name) else {
    let names = FuzzTarget.allCases.map(\.rawValue) + ["link", "redis"]
    FileHandle.standardError.write(
      Data("FUZZ_TARGET must be one of: \(names.joined(separator: ", "))\n".utf8))
    exit(2)
  }
  return { target.run($0) }
}()

/// What libFuzzer calls with each input. `start` points to `count` bytes that are valid during the call.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
