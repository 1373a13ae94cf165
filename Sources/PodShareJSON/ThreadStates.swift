import Foundation

/// Each thread keeps one encoder's and one decoder's memory for the next value: allocating them anew would cost as much
/// as the JSON of a small value.
///
/// Whoever takes one owns it until it is put back; a value that encodes another one meanwhile finds none and gets a new
/// one. Nobody else can see it, since it is only put back if nothing refers to it any more.
enum ThreadStates {
  /// What one thread keeps. Only that thread has a reference to it. Its properties are not checked for overlapping access:
  /// no code of a value's runs while one of them is accessed.
  private final class Kept {
    @exclusivity(unchecked) var encoding: EncodingState?
    @exclusivity(unchecked) var decoding: DecodingState?
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

    /// Lends what the thread keeps. Nothing of what follows counts references: that would take longer than the rest.
    @inline(__always)
    private static func withKept<Result>(_ body: (Kept) -> Result) -> Result {
      // What is stored under the key was put there below, with a reference of its own that the thread's end releases.
      if let kept = pthread_getspecific(key) {
        return Unmanaged<Kept>.fromOpaque(kept)._withUnsafeGuaranteedRef(body)
      }
      let kept = Kept()
      pthread_setspecific(key, Unmanaged.passRetained(kept).toOpaque())
      return body(kept)
    }
  #else
    private static func withKept<Result>(_ body: (Kept) -> Result) -> Result { body(Kept()) }
  #endif

  static func takeEncoding() -> EncodingState {
    withKept { $0.encoding.take() } ?? EncodingState()
  }

  static func takeDecoding() -> DecodingState {
    withKept { $0.decoding.take() } ?? DecodingState()
  }

  /// Ends the use of a state. An encoder or container that the value has kept goes on with it alone.
  static func put(back state: consuming EncodingState) {
    guard isKnownUniquelyReferenced(&state) else { return state.abandon() }
    guard state.reset() else { return }
    var kept: EncodingState? = consume state
    withKept { swap(&$0.encoding, &kept) }
  }

  static func put(back state: consuming DecodingState) {
    guard isKnownUniquelyReferenced(&state) else { return state.outliveInput() }
    guard state.reset() else { return }
    var kept: DecodingState? = consume state
    withKept { swap(&$0.decoding, &kept) }
  }
}
