extension PodRequest {
  /// How a command is written, and what it is for.
  struct Syntax: Sendable {
    let words: [String]
    let arguments: String
    let purpose: String
    /// Reads the arguments; nil if one is missing.
    let parse: @Sendable (inout LineScanner) throws -> PodRequest?

    var usage: String { arguments.isEmpty ? words[0] : "\(words[0]) \(arguments)" }
  }

  /// All commands, in the order in which help lists them.
  static let syntaxes: [Syntax] = [
    Syntax(words: ["set"], arguments: "KEY JSON", purpose: "set a key: ok") { line in
      guard let key = try line.nextKey(), !line.isAtEnd else { return nil }
      return .set(key: key, value: try JSONValue(line.rest()))
    },
    Syntax(words: ["del", "delete"], arguments: "KEY", purpose: "delete a key: ok") { line in
      try line.nextKey().map { .delete(key: $0) }
    },
    Syntax(words: ["get"], arguments: "KEY", purpose: "read a key: value KEY JSON, or missing KEY") { line in
      try line.nextKey().map { .get(key: $0) }
    },
    Syntax(words: ["keys"], arguments: "", purpose: "all keys, sorted: a JSON array") { _ in .keys },
    Syntax(words: ["dump"], arguments: "", purpose: "all entries, sorted by key: a JSON object") { _ in .dump
    },
    Syntax(
      words: ["setmany"], arguments: "{JSON object}", purpose: "set several keys as one batch: ok"
    ) { line in
      guard !line.isAtEnd else { return nil }
      let members = try JSONValue.members(ofObject: line.rest())
      return .setMany(members.map { Member(key: $0.key, value: $0.value) })
    },
    Syntax(
      words: ["version"], arguments: "KEY",
      purpose: "who wrote it: version KEY TIME SEQUENCE ORIGIN"
    ) { line in
      try line.nextKey().map { .version(key: $0) }
    },
    Syntax(words: ["members"], arguments: "", purpose: "the other pods: a JSON array") { _ in .members },
    Syntax(words: ["stats"], arguments: "", purpose: "what was counted: a JSON object") { _ in .statistics },
    Syntax(
      words: ["refresh"], arguments: "",
      purpose: "compare with the others now: ok when done, error if none answers"
    ) { _ in .refresh },
    Syntax(words: ["sleep"], arguments: "MS", purpose: "wait some milliseconds before the next command: ok") {
      line in
      guard let word = line.nextWord(), let time = Int(word), 0...86_400_000 ~= time else { return nil }
      return .sleep(milliseconds: time)
    },
    Syntax(words: ["help"], arguments: "", purpose: "this list, each line begun by help") { _ in .help },
    Syntax(
      words: ["quit", "exit"], arguments: "",
      purpose: "leave when another pod has everything: ok, or error if none is known to, and the end"
    ) { _ in .quit },
  ]
}
