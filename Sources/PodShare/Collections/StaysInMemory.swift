import Synchronization

/// A member without content for large structs that cannot be copied: with it they are only ever reached by their address.
///
/// Without it the compiler may load the whole struct, and so copy it to the stack, where a method is called that does not
/// change it. For a replica that was more than a kilobyte, several times for each write. What is loaded cannot contain an
/// atomic.
struct StaysInMemory: ~Copyable, Sendable {
  private let atomic = Atomic<Bool>(false)
}
