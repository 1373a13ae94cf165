import Hummingbird
import PodShare

/// Sees to it that whatever goes wrong is answered in JSON, with a sentence for a person.
struct ClearErrors<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as StoreError {
      throw HTTPError(error.status, message: error.sentence)
    } catch let error as HTTPError where error.body == nil {
      throw HTTPError(
        error.status, headers: error.headers, message: "\(error.status.reasonPhrase): \(request.uri.path)")
    }
  }
}

extension StoreError {
  /// The store's words, as a sentence.
  fileprivate var sentence: String {
    message.prefix(1).uppercased() + message.dropFirst() + "."
  }

  fileprivate var status: HTTPResponse.Status {
    switch code {
    case .invalidKey: .badRequest
    case .valueTooLarge: .contentTooLarge
    case .closed: .serviceUnavailable
    default: .internalServerError
    }
  }
}
