import Hummingbird

/// The page's own files. They are part of the executable.
struct Asset: ResponseGenerator, Sendable {
  static let page = Asset(PackageResources.index_html, type: "text/html; charset=utf-8")
  static let style = Asset(PackageResources.style_css, type: "text/css; charset=utf-8")
  static let script = Asset(PackageResources.app_js, type: "text/javascript; charset=utf-8")

  private let body: ByteBuffer
  private let type: String

  private init(_ bytes: [UInt8], type: String) {
    self.body = ByteBuffer(bytes: bytes)
    self.type = type
  }

  func response(from request: Request, context: some RequestContext) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: type,
        .contentLength: String(body.readableBytes),
        .cacheControl: "no-cache",
        // Nothing but this server's own script runs, whatever text a key or a note holds.
        .contentSecurityPolicy:
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'",
        .xContentTypeOptions: "nosniff",
      ],
      body: ResponseBody(byteBuffer: body)
    )
  }
}
