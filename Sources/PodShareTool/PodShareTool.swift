import ArgumentParser

/// The command line tool: pods that can be driven by hand or by scripts, and a look into fleets that are running.
@main
struct PodShareTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "podshare",
    abstract: "Run pods that share a dictionary, and look into fleets that are running.",
    discussion: """
      EXAMPLES:
        podshare pod --node a --listen 127.0.0.1:9101
        export PODSHARE_PEERS=127.0.0.1:9101
        podshare set greeting '"hello"'
        podshare get greeting
        podshare top

      podshare pod runs a pod. All other commands join a fleet as a pod that nobody dials, have what the others have, \
      do their work, and leave. They need to know whom to dial, by --peers or by the environment variable \
      PODSHARE_PEERS, or the server at which all meet, by --redis; and the topic, cluster and certificates that the fleet uses. Values are JSON.
      """,
    version: "0.1.0",
    subcommands: [PodCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Fleets",
        subcommands: [
          GetCommand.self, SetCommand.self, DeleteCommand.self, DumpCommand.self, WatchCommand.self,
          MembersCommand.self, TopCommand.self,
        ])
    ])
}
