import Foundation
import Hummingbird

/// Writes a `text/event-stream`, as the HTML standard describes it.
struct ServerSentEventWriter {
  fileprivate var body: any ResponseBodyWriter

  /// Sends a named event with a JSON payload.
  mutating func send(_ name: String, _ payload: some Encodable) async throws {
    // JSONEncoder writes no line breaks, so one data line holds it all.
    var bytes = ByteBuffer(string: "event: \(name)\ndata: ")
    bytes.writeBytes(try JSONEncoder().encode(payload))
    bytes.writeString("\n\n")
    try await body.write(bytes)
  }

  /// Sends a comment, which the page ignores. It shows whether the client is still there.
  mutating func sendHeartbeat() async throws {
    try await body.write(ByteBuffer(string: ": still here\n\n"))
  }

  /// Tells the page how long to wait before it connects anew.
  fileprivate mutating func send(retry milliseconds: Int) async throws {
    try await body.write(ByteBuffer(string: "retry: \(milliseconds)\n\n"))
  }
}

extension Response {
  /// A response that lasts for as long as `feed` runs and the client stays.
  ///
  /// `feed` is cancelled when the client goes away, so that whatever it holds is let go at once and not at the next
  /// write that fails.
  static func serverSentEvents(
    to request: Request, feed: @escaping @Sendable (inout ServerSentEventWriter) async throws -> Void
  ) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { body in
        var writer = ServerSentEventWriter(body: body)
        try await writer.send(retry: 500)
        try await request.body.consumeWithCancellationOnInboundClose { _ in
          try await feed(&writer)
        }
        try await body.finish(nil)
      }
    )
  }
}
