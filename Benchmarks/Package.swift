// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "podshare-benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "podshare-bench", targets: ["podshare-bench"]),
    .executable(name: "podshare-costs", targets: ["podshare-costs"]),
  ],
  dependencies: [
    .package(name: "podshare", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .executableTarget(
      name: "podshare-bench",
      dependencies: [
        .product(name: "PodShare", package: "podshare"),
        .product(name: "PodShareP2P", package: "podshare"),
        .product(name: "PodShareRedis", package: "podshare"),
        .product(name: "PodShareTestKit", package: "podshare"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "podshare-costs",
      dependencies: [.product(name: "PodShare", package: "podshare")],
      swiftSettings: settings
    ),
  ]
)
