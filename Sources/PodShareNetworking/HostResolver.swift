import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// Looks up the name of one peer or server that is dialled. NIO's own resolver comes back to the event loop whenever the system
/// has answered, which may be after the loop was shut down.
package final class HostResolver: Resolver, Sendable {
  private typealias Answer = EventLoopPromise<[SocketAddress]>

  private struct Cancelled: Error {}

  private let eventLoop: any EventLoop
  private let access: LoopAccess
  private let (a, aaaa): (EventLoopFuture<[SocketAddress]>, EventLoopFuture<[SocketAddress]>)
  /// Nil once they have been kept.
  private let promises: NIOLockedValueBox<(a: Answer, aaaa: Answer)?>

  package init(eventLoop: any EventLoop, access: LoopAccess) {
    self.eventLoop = eventLoop
    self.access = access
    let promises = (
      a: eventLoop.makePromise(of: [SocketAddress].self),
      aaaa: eventLoop.makePromise(of: [SocketAddress].self)
    )
    (a, aaaa) = (promises.a.futureResult, promises.aaaa.futureResult)
    self.promises = NIOLockedValueBox(promises)
  }

  package func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { a }

  /// The system is asked for both kinds at once; this is what NIO calls first.
  package func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    if let address = try? SocketAddress(ipAddress: host, port: port) {
      finish(.success([address]))
    } else {
      Task { [access, eventLoop] in
        let result: Result<[SocketAddress], any Error>
        do {
          result = .success(try await SystemResolver.socketAddresses(of: host, port: port))
        } catch {
          result = .failure(error)
        }
        access.perform { eventLoop.execute { self.finish(result) } }
      }
    }
    return aaaa
  }

  /// On the event loop: whoever has asked does not wait any more.
  package func cancelQueries() { finish(.failure(Cancelled())) }

  private func finish(_ result: Result<[SocketAddress], any Error>) {
    let promises = promises.withLockedValue { promises in
      defer { promises = nil }
      return promises
    }
    guard let promises else { return }
    switch result {
    case .success(let addresses):
      promises.aaaa.succeed(addresses.filter { $0.protocol == .inet6 })
      promises.a.succeed(addresses.filter { $0.protocol == .inet })
    case .failure(let error):
      promises.aaaa.fail(error)
      promises.a.fail(error)
    }
  }
}
