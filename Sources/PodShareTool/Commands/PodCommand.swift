import ArgumentParser
import PodShare
import PodShareP2P

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pod that is driven by lines on standard input.
struct PodCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pod",
    abstract: "Run a pod: commands on standard input, answers and events on standard output.",
    discussion: """
      Joins a topic, listens for other pods, and dials its peers until it is told to quit.

      The first line on standard output says where the pod listens, once it has joined: ready NODE HOST:PORT. By then \
      it has what the others have, if any of its peers could be reached; it goes on dialling those that could not. \
      With --redis it listens nowhere: HOST:PORT is the server, which is waited for. \
      Then each command, one a line, is answered by one line, in order:

      \(commands)

      A line that is no command, or that cannot be done, is answered by error and the reason, and the pod goes on. \
      Empty lines and those that begin with # are skipped. The end of the input, SIGTERM and SIGINT are as quit, but \
      not answered.

      If no other pod is known to have what was written, quit is answered by error, the end of the input by a line on \
      standard error, and the exit status is that of podshare set. A pod that has no peers and that nobody has joined \
      has nobody to tell.

      Between the answers stands a line for each change, those of this pod included:

        event set KEY JSON ORIGIN
        event delete KEY null ORIGIN

      ORIGIN is the node that made the change. KEY and ORIGIN are plain words, or JSON strings in double quotes if \
      there is a space, a double quote, a backslash or nothing in them, or something that cannot be seen: \
      "two words". Commands take a KEY in both forms. JSON has no space between its parts.

      What goes wrong beside the commands, such as a peer that cannot be reached, is told on standard error.

      EXAMPLES:
        podshare pod --node a --listen 127.0.0.1:9101
        podshare pod --node b --listen 127.0.0.1:9102 --peers 127.0.0.1:9101
        podshare pod --peers 127.0.0.1:9101 < commands.txt
        podshare pod --node c --redis redis://127.0.0.1:6379

      \(ExitStatus.explanation)
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Where to listen: port 0 is any free one, 0.0.0.0 all of the machine's addresses. Default: 127.0.0.1:0.",
      valueName: "host:port"),
    transform: Self.parseAddress)
  var listen: PeerAddress = "127.0.0.1:0"

  func validate() throws {
    if network.redis == nil, network.tls.tlsCa != nil, network.tls.tlsCert == nil {
      throw ValidationError("A pod that listens needs --tls-cert and --tls-key.")
    }
  }

  func run() async throws {
    try await reportingFailure { try await serve() }
  }

  private func serve() async throws {
    let problems = Problems(isTelling: true)
    let joined = try await makeNetwork(problems)
    let stop = Stop()
    let signals = await Interruption.watch { stop.request() }
    defer { signals.cancel() }
    let joining = Task {
      try await Connection.join(network, over: joined, patience: .seconds(1), problems: problems)
    }
    stop.whenRequested { joining.cancel() }
    let connection: Connection
    do {
      connection = try await joining.value
    } catch {
      await joined.close()
      if stop.isRequested { return }
      throw error
    }

    let console = Console()
    let session = PodSession(connection, hasPeers: !network.addresses.isEmpty, console: console)
    let witness = Witness(connection.store)
    let witnessing = Task { await witness.watch() }
    defer { witnessing.cancel() }
    stop.whenRequested { session.stop(.interrupted) }
    let address = joined.address ?? listen.description
    let end = await session.serve(at: address, input: LineReader(STDIN_FILENO))
    let failure: Failure?
    do throws(Failure) {
      try await leave(connection, witness)
      failure = nil
    } catch {
      failure = error
    }
    await session.tellRest()
    if end == .quit {
      let error = problems.store(.broadcastFailed) ?? problems.store(.unconfirmed)
      _ = await console.write(
        error.map { PodLine($0) } ?? failure.map { .error($0.message) } ?? .ok)
    }
    await LineWriter.standardError.flush()
    switch end {
    // The answer has said it all.
    case .quit: if let failure { throw failure.status.exitCode }
    case .endOfInput: if let failure { throw failure }
    case .interrupted, .outputClosed: break
    }
  }

  private func makeNetwork(_ problems: Problems) async throws(Failure) -> Network {
    if let server = network.redis {
      return try Connection.makeNetwork(at: server, network, patience: nil, problems: problems)
    }
    return .mesh(
      try await Connection.makeTransport(
        network, peers: network.addresses, listening: listen, problems: problems))
  }

  /// Throws if other pods were to have what was written here, and none is known to.
  private func leave(_ connection: Connection, _ witness: Witness) async throws(Failure) {
    let problems = connection.problems
    // What it has written is kept at the server, or else reported.
    guard network.redis == nil else { return try await connection.closeConfirmed(needsSomebody: false) }
    let isExpected = problems.hasBeenLinked || !network.addresses.isEmpty
    let needsSomebody = isExpected && witness.isAnythingUnconfirmed()
    guard needsSomebody, !problems.hasBeenLinked else {
      return try await connection.closeConfirmed(needsSomebody: needsSomebody)
    }
    await connection.close()
    throw Diagnosis(
      topic: network.topic, peers: network.addresses, errors: problems.mesh, linked: [],
      usesTLS: network.tls.configuration != nil
    ).failure()
  }

  private static func parseAddress(_ text: String) throws -> PeerAddress {
    guard let address = PeerAddress(text) else {
      throw ValidationError("\(Word.quoted(text)) is no HOST:PORT")
    }
    return address
  }

  private static var commands: String {
    let syntaxes = PodRequest.syntaxes
    let width = syntaxes.map(\.usage.count).max() ?? 0
    return syntaxes.map { syntax in
      let space = String(repeating: " ", count: width - syntax.usage.count + 2)
      return "  \(syntax.usage)\(space)\(syntax.purpose)"
    }.joined(separator: "\n")
  }
}
