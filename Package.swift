// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "podshare",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "PodShare", targets: ["PodShare"]),
    .library(name: "PodShareP2P", targets: ["PodShareP2P"]),
    .library(name: "PodShareRedis", targets: ["PodShareRedis"]),
    .library(name: "PodShareTestKit", targets: ["PodShareTestKit"]),
    .executable(name: "podshare", targets: ["PodShareTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    .target(
      name: "PodShare",
      dependencies: [
        "PodShareJSON",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      // For structures with spans in them. SwiftNIO and swift-collections need it as well.
      swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]
    ),
    .target(name: "PodShareJSON", swiftSettings: settings),
    // What the networks have in common; no product.
    .target(
      name: "PodShareNetworking",
      dependencies: [
        "PodShare",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "PodShareP2P",
      dependencies: [
        "PodShare",
        "PodShareNetworking",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "PodShareRedis",
      dependencies: [
        "PodShare",
        "PodShareNetworking",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "PodShareTestKit",
      dependencies: [
        "PodShare",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    // The command line tool. Its product is called podshare; a module of that name would differ from PodShare's by its
    // case alone, which some file systems do not tell apart.
    .executableTarget(
      name: "PodShareTool",
      dependencies: [
        "PodShare",
        "PodShareJSON",
        "PodShareP2P",
        "PodShareRedis",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    .testTarget(name: "PodShareJSONTests", dependencies: ["PodShareJSON"], swiftSettings: settings),
    .testTarget(
      name: "PodShareTests",
      dependencies: [
        "PodShare",
        "PodShareTestKit",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    // What tests of several targets need.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(
      name: "PodShareP2PTests",
      dependencies: [
        "TestSupport",
        "PodShareP2P",
        "PodShareTestKit",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    // Against real servers, which the tests start.
    .testTarget(
      name: "PodShareRedisTests",
      dependencies: [
        "TestSupport",
        "PodShareRedis",
        "PodShareTestKit",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    // Also starts the built tool, as processes.
    .testTarget(
      name: "PodShareToolTests",
      dependencies: [
        "PodShareTool",
        "TestSupport",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "PodShareSimulationTests",
      dependencies: [
        "PodShare",
        "PodShareTestKit",
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
  ]
)

// For runs that are about the replica alone: without what needs TLS, which takes longer to build than all the rest.
// "core" has all the tests that are left then, "simulation" only that: optimised tests take minutes to build.
if let part = Context.environment["PODSHARE_ONLY"] {
  var unwanted = [
    "PodShareNetworking", "PodShareP2P", "PodShareRedis", "PodShareTool", "PodShareP2PTests",
    "PodShareRedisTests", "PodShareToolTests", "TestSupport",
  ]
  switch part {
  case "core": break
  case "simulation": unwanted += ["PodShareTests", "PodShareJSONTests"]
  default: fatalError("PODSHARE_ONLY is \(part), not core or simulation")
  }
  package.targets.removeAll { unwanted.contains($0.name) }
  package.products.removeAll { ["PodShareP2P", "PodShareRedis", "podshare"].contains($0.name) }
}
