extension Array {
  /// Removes all elements, and keeps the memory if it is for no more than so many.
  mutating func empty(keeping capacity: Int) {
    switch count {
    case 0: break
    // Nearly always; much quicker than what is for any number.
    case 1: removeLast()
    case let count: removeAll(keepingCapacity: count <= capacity)
    }
  }
}
