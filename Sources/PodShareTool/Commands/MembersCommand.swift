import ArgumentParser
import PodShare

/// Lists the pods of a fleet.
struct MembersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "members",
    abstract: "List the pods that share the topic.",
    discussion: """
      Pods do not pass on what others say, so only those that are named as peers are listed. A pod of the Go library \
      says nothing of itself and is not listed either.

      EXAMPLES:
        podshare members --peers 10.0.0.5:9101,10.0.0.6:9101
        podshare members --json

      \(ExitStatus.explanation)
      """)

  @OptionGroup var fleet: FleetOptions

  @Flag(help: "Print a JSON array.")
  var json = false

  func run() async throws {
    try await reportingFailure {
      let connection = try await Connection.open(fleet)
      await connection.meetMembers()
      let members = connection.store.members
      let addresses = await connection.addresses
      await connection.close()
      guard !json else {
        return await output(
          JSONText.array(members.map { JSONText.object($0, address: addresses[$0.nodeID]) }))
      }
      await output(MemberTable(members, addresses: addresses, now: .now()).lines.joined(separator: "\n"))
    }
  }
}
