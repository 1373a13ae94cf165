import Hummingbird
import NIOCore
import PodShare

/// The flags, and what the cluster asks.
struct Routes: Sendable {
  let store: Store<String>
  let readiness: Readiness

  var router: Router<BasicRequestContext> {
    let router = Router()
    // Alive means that it answers. Whether other pods do is not this one's to die for.
    router.get("live") { _, _ in HTTPResponse.Status.ok }
    router.get("ready") { _, _ in readiness.isReady ? HTTPResponse.Status.ok : .serviceUnavailable }

    router.get("members") { _, _ in store.members.map(\.description) }
    router.get("flags") { _, _ in
      Dictionary(uniqueKeysWithValues: store.snapshot().map { ($0.key, $0.value) })
    }
    router.get("flags/:key") { _, context in
      guard let value = store[try context.parameters.require("key")] else { throw HTTPError(.notFound) }
      return value
    }
    router.put("flags/:key") { request, context in
      let body = try await request.body.collect(upTo: 65_536)
      try store.set(try context.parameters.require("key"), to: String(buffer: body))
      return HTTPResponse.Status.noContent
    }
    return router
  }
}
