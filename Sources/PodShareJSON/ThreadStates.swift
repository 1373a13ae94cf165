import Foundation

/// Each thread keeps one encoder's and one decoder's memory for the next value: allocating them anew would cost as much
/// as the JSON of a small value.
///
/// Whoever takes one owns it until it is put back; a value that encodes another one meanwhile finds none and gets a new
/// one. Nobody else can see it, since it is only put back if nothing refers to it any more.
enum ThreadStates {
  /// What one thread keeps. Only that thread has a reference to it.
  private final class Kept {
    var encoding: EncodingState?
    var decoding: DecodingState?
  }

  #if canImport(Glibc) || canImport(Musl) || canImport(Darwin) || canImport(Android)
    private static let key: pthread_key_t = {
      var key = pthread_key_t()
      let error = pthread_key_create(&key) { kept in
        #if canImport(Darwin)
          Unmanaged<Kept>.fromOpaque(kept).release()
        #else
          if let kept { Unmanaged<Kept>.fromOpaque(kept).release() }
        #endif
      }
      precondition(error == 0, "no more thread-specific keys")
      return key
    }()

    private static var kept: Kept {
      // What is stored under the key was put there below, with a reference of its own that the thread's end releases.
      if let kept = pthread_getspecific(key) { return Unmanaged<Kept>.fromOpaque(kept).takeUnretainedValue() }
      let kept = Kept()
      pthread_setspecific(key, Unmanaged.passRetained(kept).toOpaque())
      return kept
    }
  #else
    private static var kept: Kept { Kept() }
  #endif

  static func takeEncoding() -> EncodingState {
    let kept = kept
    guard let state = kept.encoding else { return EncodingState() }
    kept.encoding = nil
    return state
  }

  static func takeDecoding() -> DecodingState {
    let kept = kept
    guard let state = kept.decoding else { return DecodingState() }
    kept.decoding = nil
    return state
  }

  /// Ends the use of a state. An encoder or container that the value has kept goes on with it alone.
  static func put(back state: inout EncodingState) {
    guard isKnownUniquelyReferenced(&state) else { return state.abandon() }
    if state.reset() { kept.encoding = state }
  }

  static func put(back state: inout DecodingState) {
    guard isKnownUniquelyReferenced(&state) else { return state.outliveInput() }
    if state.reset() { kept.decoding = state }
  }
}
