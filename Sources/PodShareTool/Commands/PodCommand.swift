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

      The first line on standard output says where the pod listens, once it has joined and has what the others \
      have: ready NODE HOST:PORT. Then each command, one a line, is answered by one line, in order:

      \(commands)

      A line that is no command, or that cannot be done, is answered by error and the reason, and the pod goes on. \
      Empty lines and those that begin with # are skipped. The end of the input, SIGTERM and SIGINT are as quit.

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
      """)

  @OptionGroup var mesh: MeshOptions

  @Option(
    help: ArgumentHelp(
      "Where to listen: port 0 is any free one, 0.0.0.0 all of the machine's addresses. Default: 127.0.0.1:0.",
      valueName: "host:port"),
    transform: Self.parseAddress)
  var listen: PeerAddress = "127.0.0.1:0"

  func validate() throws {
    if mesh.tls.tlsCa != nil, mesh.tls.tlsCert == nil {
      throw ValidationError("A pod that listens needs --tls-cert and --tls-key.")
    }
  }

  func run() async throws {
    try await reportingFailure { try await serve() }
  }

  private func serve() async throws {
    let problems = Problems(isTelling: true)
    let transport = try await Connection.makeTransport(
      mesh, peers: mesh.addresses, listening: listen, problems: problems)
    let joining = Task {
      try await Connection.join(mesh, over: transport, patience: .seconds(1), problems: problems)
    }
    let stop = Stop()
    let signals = await Interruption.watch { stop.request() }
    defer { signals.cancel() }
    stop.whenRequested { joining.cancel() }
    let connection: Connection
    do {
      connection = try await joining.value
    } catch {
      try? await transport.close()
      if stop.isRequested { return }
      throw error
    }

    let console = Console()
    let session = PodSession(connection.store, console: console)
    stop.whenRequested { session.stop(.interrupted) }
    let address = (transport.listenAddress ?? listen).description
    let end = await session.serve(at: address, input: LineReader(STDIN_FILENO))
    await connection.close()
    await session.tellRest()
    if end == .quit {
      let error = problems.store(.broadcastFailed) ?? problems.store(.unconfirmed)
      _ = await console.write(error.map { PodLine($0) } ?? .ok)
    }
    await LineWriter.standardError.flush()
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
