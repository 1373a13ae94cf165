import NIOPosix
public import PodShare
import PodShareNetworking

/// Peers that stand in a text file, which may be rewritten at any time.
///
/// ```
/// # the pods of the first rack
/// 10.0.0.5:9101
/// 10.0.0.6          # the default port, if there is one
/// [fd00::7]:9101
/// ```
///
/// One address a line; blank lines do not count, nor does what stands behind `#`.
///
/// A file that is missing, cannot be read, or in which one line is no address, says nothing: it is reported, and the
/// peers of before remain. Nor does one without any address: a program that rewrites it may have just emptied it, or
/// the disk may be full, and a fleet should not fall apart for that. Since a file may be read while it is being
/// written, a change counts once two readings, one interval apart, have found the same. To write a file and rename it
/// over the old one is safer still.
public struct PeerFile: PeerDiscoverer {
  private let path: String
  private let defaultPort: Int?
  private let interval: Duration
  private let time: TimeSource
  private let onError: (@Sendable (P2PError) -> Void)?

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - path: The file, of at most 1 MiB.
  ///   - defaultPort: The port of addresses that stand there without one, 1 to 65,535. Nil, the default, allows none
  ///     such.
  ///   - interval: The time between two readings, more or less a tenth, at random. More than zero; default 2 s. While
  ///     readings fail it is a second at most.
  ///   - onError: Told, with `discoveryFailed`, that the file cannot be used, and in which line. The same failure is
  ///     told once until a reading succeeds.
  ///   - time: Where time comes from. Leave it alone outside tests.
  public init(
    _ path: String, defaultPort: Int? = nil, interval: Duration = .seconds(2),
    onError: (@Sendable (P2PError) -> Void)? = nil, time: TimeSource = .system
  ) {
    precondition(interval > .zero, "the time between two readings is more than zero, unlike \(interval)")
    self.path = path
    self.defaultPort = defaultPort
    self.interval = interval
    self.time = time
    self.onError = onError
  }

  /// Reads the file at each interval, and calls back each time that this succeeds, with the same addresses, too; the
  /// first time at once. Returns when the task is cancelled.
  public func run(_ onPeers: @escaping @Sendable ([PeerAddress]) -> Void) async {
    let steady = SteadyPeers()
    let polling = PeerPolling(interval: interval, time: time, onError: onError) {
      [self] () throws(P2PError) in
      await steady.peers(after: try await peers())
    }
    await polling.run(onPeers)
  }

  /// Reads the file once: its addresses, in their order.
  ///
  /// - Throws: `discoveryFailed` if it cannot be read, a line is no address, or there is none; `cancelled`.
  public func peers() async throws(P2PError) -> [PeerAddress] {
    let path = path
    do {
      // A file on a network may take its time.
      let text = try await abandonedWhenCancelled {
        try await NIOThreadPool.singleton.runIfActive { try TextFile.read(path, atMost: 1_024 * 1_024) }
      }
      return try addresses(in: text)
    } catch let error as P2PError {
      throw error
    } catch is CancellationError where Task.isCancelled {
      throw P2PError(.cancelled, "reading \(path)")
    } catch {
      throw P2PError(.discoveryFailed, "\(path) \(error)")
    }
  }

  private func addresses(in text: String) throws(P2PError) -> [PeerAddress] {
    var addresses: [PeerAddress] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let entry = line.prefix { $0 != "#" }.trimmed
      guard !entry.isEmpty else { continue }
      do throws(PeerList.NoAddress) {
        addresses.append(try PeerList.address(entry, defaultPort: defaultPort))
      } catch {
        throw P2PError(.discoveryFailed, "\(path), line \(index + 1): \(error.words)")
      }
    }
    guard !addresses.isEmpty else { throw P2PError(.discoveryFailed, "\(path) holds no address") }
    return addresses
  }
}

/// Lets a change through when it has been seen twice.
private actor SteadyPeers {
  private var inForce: [PeerAddress]?
  private var last: [PeerAddress] = []

  /// What is in force after this was read.
  func peers(after read: [PeerAddress]) -> [PeerAddress] {
    defer { last = read }
    guard let inForce, read != last else {
      inForce = read
      return read
    }
    return inForce
  }
}
