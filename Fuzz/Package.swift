// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since a fuzz target breaks the plain build: libFuzzer brings the main function.
// `scripts/fuzz` builds and runs it.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .unsafeFlags(["-parse-as-library"]),
]

let package = Package(
  name: "podshare-fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "podshare", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        .product(name: "PodShareP2P", package: "podshare"),
        .product(name: "PodShareRedis", package: "podshare"),
        .product(name: "PodShareTestKit", package: "podshare"),
      ],
      swiftSettings: settings
    )
  ]
)
