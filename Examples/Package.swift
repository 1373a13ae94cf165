// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "podshare-examples",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "basic", targets: ["basic"]),
    .executable(name: "chat-cache", targets: ["chat-cache"]),
    .executable(name: "feature-flags", targets: ["feature-flags"]),
    .executable(name: "kubernetes", targets: ["kubernetes"]),
    .executable(name: "p2p", targets: ["p2p"]),
    .executable(name: "redis", targets: ["redis"]),
    .executable(name: "web", targets: ["web"]),
  ],
  dependencies: [
    .package(name: "podshare", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // One process, three pods, no network: the whole API in a page of code.
    .executableTarget(
      name: "basic",
      dependencies: ["Story", .product(name: "PodShare", package: "podshare")],
      swiftSettings: settings
    ),
    // Flags that are flipped while requests are served, roll-outs by percentage, kill switches.
    .executableTarget(
      name: "feature-flags",
      dependencies: ["Story", .product(name: "PodShare", package: "podshare")],
      swiftSettings: settings
    ),
    // The newest messages of chat rooms, joined rather than replaced.
    .executableTarget(
      name: "chat-cache",
      dependencies: ["Story", .product(name: "PodShare", package: "podshare")],
      swiftSettings: settings
    ),
    // Pods that meet at a Redis server, which is killed and forgets everything.
    .executableTarget(
      name: "redis",
      dependencies: [
        "Story",
        .product(name: "PodShare", package: "podshare"),
        .product(name: "PodShareRedis", package: "podshare"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    // Pods that are processes of their own, over TCP; one is killed, another joins.
    .executableTarget(
      name: "p2p",
      dependencies: [
        "Story",
        .product(name: "PodShare", package: "podshare"),
        .product(name: "PodShareP2P", package: "podshare"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    // A server as it runs in a cluster: found by DNS, ready when it has caught up, with mutual TLS.
    .executableTarget(
      name: "kubernetes",
      dependencies: [
        .product(name: "PodShare", package: "podshare"),
        .product(name: "PodShareP2P", package: "podshare"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),
    // Three pods, each with a page of its own that shows what it holds and what reaches it.
    .executableTarget(
      name: "web",
      dependencies: [
        .product(name: "PodShare", package: "podshare"),
        // Its transport that loses messages when told to.
        .product(name: "PodShareTestKit", package: "podshare"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      // In the executable itself, so that it finds them from any working directory.
      resources: [
        .embedInCode("Resources/index.html"),
        .embedInCode("Resources/style.css"),
        .embedInCode("Resources/app.js"),
      ],
      swiftSettings: settings
    ),
    // How the examples tell what they show, and check it.
    .target(
      name: "Story",
      dependencies: [.product(name: "PodShare", package: "podshare")],
      swiftSettings: settings
    ),
  ]
)
