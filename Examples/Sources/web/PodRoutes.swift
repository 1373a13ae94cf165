import Foundation
import Hummingbird
import PodShare
import PodShareTestKit

/// A pod's HTTP API and its page.
struct PodRoutes: Sendable {
  let pod: Pod
  let fleet: Fleet

  var router: Router<BasicRequestContext> {
    let router = Router()
    router.add(middleware: ClearErrors())

    router.get("/") { _, _ in Asset.page }
    router.get("style.css") { _, _ in Asset.style }
    router.get("app.js") { _, _ in Asset.script }

    router.get("api/entries") { _, _ in pod.entries }
    router.put("api/entries/:key", use: put)
    router.delete("api/entries/:key", use: delete)
    // Where an empty key leads: a store would take it, but a path has no place for it.
    router.put("api/entries") { _, _ -> Response in throw HTTPError.emptyKey }
    router.delete("api/entries") { _, _ -> Response in throw HTTPError.emptyKey }

    router.get("api/status") { _, _ in status }
    router.post("api/network", use: setNetwork)
    router.get("api/events") { request, _ in
      Response.serverSentEvents(to: request) { try await PodFeed(pod: pod, fleet: fleet).send(to: &$0) }
    }
    return router
  }

  private var status: PodStatus {
    PodStatus(of: pod, in: fleet)
  }

  /// Sets a flag. With `If-Match` only if it is still at that version; with `If-None-Match: *` only if there is none.
  @Sendable
  private func put(request: Request, context: BasicRequestContext) async throws -> EditedResponse<FlagEntry> {
    let key = try context.entryKey
    let flag = try await request.flag(context: context)
    let isNew = pod.store.version(of: key) == nil
    let version = try write(flag, to: key, for: request)
    return EditedResponse(
      status: isNew ? .created : .ok,
      headers: [.eTag: version.entityTag],
      response: FlagEntry(key: key, value: flag, version: version)
    )
  }

  private func write(_ flag: Flag, to key: String, for request: Request) throws -> Version {
    if let tag = request.headers[.ifMatch] {
      guard let current = pod.store.version(of: key), current.entityTag == tag,
        let version = try pod.store.trySet(key, to: flag, ifVersion: current)
      else {
        throw HTTPError(.preconditionFailed, message: "Another pod has changed this flag in the meantime.")
      }
      return version
    }
    if request.headers[.ifNoneMatch] == "*" {
      guard let version = try pod.store.trySet(key, to: flag, ifVersion: nil) else {
        throw HTTPError(.preconditionFailed, message: "There is a flag with this key already.")
      }
      return version
    }
    return try pod.store.set(key, to: flag)
  }

  @Sendable
  private func delete(request: Request, context: BasicRequestContext) async throws -> HTTPResponse.Status {
    let key = try context.entryKey
    guard pod.store.version(of: key) != nil else {
      throw HTTPError(.notFound, message: "There is no flag with this key.")
    }
    try pod.store.delete(key)
    return .noContent
  }

  /// Takes the pod off the network or puts it back, and sets how many of its messages are lost without a word.
  @Sendable
  private func setNetwork(request: Request, context: BasicRequestContext) async throws -> NetworkState {
    let wanted = try await request.decode(as: NetworkState.self, context: context)
    if let loss = wanted.loss {
      guard (0...1).contains(loss) else {
        throw HTTPError(.badRequest, message: "The loss is \(loss); it must lie between 0 and 1.")
      }
      pod.transport.faults = Faults(bothWays: .init(loss: loss))
    }
    switch wanted.connected {
    case true?: pod.transport.connect()
    case false?: pod.transport.disconnect()
    case nil: break
    }
    return NetworkState(connected: pod.transport.isConnected, loss: pod.transport.loss)
  }
}

/// How a pod is on the network. In a request, what is absent stays as it is.
private struct NetworkState: ResponseCodable {
  var connected: Bool?
  /// How likely a message is lost, from 0 to 1.
  var loss: Double?
}

extension RequestContext {
  /// The key in the path, which may be any text: a slash in it travels as `%2F`.
  fileprivate var entryKey: String {
    get throws {
      guard let key = parameters.get("key")?.removingPercentEncoding else {
        throw HTTPError(.badRequest, message: "The key in the URL is not percent-encoded UTF-8.")
      }
      return key
    }
  }
}

extension HTTPError {
  fileprivate static var emptyKey: Self { HTTPError(.badRequest, message: "The key is empty.") }
}
