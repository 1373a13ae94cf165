import Synchronization

/// What the writer has taken out of the table, until no reader can hold it any more.
///
/// The writer never waits. What it retires is gathered; now and then a gathering is closed and looked after, until for
/// every stripe and both phases a moment has been seen at which all who had entered had left. Whoever had entered before
/// the gathering was closed has left by then, and whoever enters later cannot find what is in it.
///
/// Two phases, because with one there might never be such a moment while readers come without a break: once the idle phase
/// is quiet, readers are sent to it, and the other is only left.
///
/// A reader that stays in its section holds up what is retired from then on, and nothing else.
struct Reclamation: ~Copyable {
  enum Retired {
    case cell(Cell)
    /// A segment or a directory.
    case memory(UnsafeMutableRawPointer)
  }

  /// How many may gather before a look is taken at the readers.
  private static let patience = 32

  private enum Wait {
    /// For stragglers, who chose this phase before readers were sent to the other.
    case forIdlePhase
    /// For those who were there when the phases were exchanged.
    case forPreviousPhase
  }

  private var gathered: [Retired] = []
  private var closed: [Retired] = []
  private var wait = Wait.forIdlePhase
  private var nextStripe = 0
  private var sinceLastLook = 0

  var isEmpty: Bool { gathered.isEmpty && closed.isEmpty }

  mutating func retire(_ retired: Retired) {
    gathered.append(retired)
    sinceLastLook += 1
  }

  var isTimeToLook: Bool { sinceLastLook >= Self.patience }

  /// Looks at the readers, without waiting for any. Returns what none of them can hold any more.
  mutating func advance(_ table: CellTable) -> [Retired] {
    sinceLastLook = 0
    if closed.isEmpty {
      swap(&closed, &gathered)
      gathered.reserveCapacity(min(closed.count, 1_024))
      wait = .forIdlePhase
      nextStripe = 0
    }
    guard !closed.isEmpty else { return [] }
    if wait == .forIdlePhase {
      guard isQuiet(table, phase: table.idlePhase) else { return [] }
      table.exchangePhases()
      wait = .forPreviousPhase
      nextStripe = 0
    }
    guard isQuiet(table, phase: table.idlePhase) else { return [] }
    defer { closed = [] }
    return closed
  }

  /// Goes on where a reader was met the last time.
  private mutating func isQuiet(_ table: CellTable, phase: Int) -> Bool {
    while nextStripe < CellTable.stripeCount {
      guard table.isQuiet(stripe: nextStripe, phase: phase) else { return false }
      nextStripe += 1
    }
    return true
  }

  /// Everything, when there are no readers.
  mutating func takeAll() -> [Retired] {
    defer {
      gathered = []
      closed = []
    }
    return closed + gathered
  }
}

extension CellTable {
  /// The phase in which no reader enters, but for stragglers.
  var idlePhase: Int { Self.otherPhaseOffset - header.pointee.phase.load(ordering: .relaxed) }

  fileprivate func exchangePhases() {
    header.pointee.phase.store(idlePhase, ordering: .sequentiallyConsistent)
  }
}
