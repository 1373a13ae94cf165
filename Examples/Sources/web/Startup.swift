/// Counts the servers that listen, and speaks once when all of them do.
actor Startup {
  private var waitingFor: Int
  private let announce: @Sendable () -> Void

  init(servers: Int, announce: @escaping @Sendable () -> Void) {
    self.waitingFor = servers
    self.announce = announce
  }

  func serverIsListening() {
    waitingFor -= 1
    if waitingFor == 0 { announce() }
  }
}
