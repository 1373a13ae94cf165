import ArgumentParser
import PodShare

/// What the tool's store writes.
enum Wire: String, ExpressibleByArgument, CaseIterable, Sendable {
  case v1, v2

  var format: WireFormat {
    switch self {
    case .v1: .v1
    case .v2: .v2
    }
  }
}
