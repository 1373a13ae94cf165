import Foundation
import Testing

/// What the README and the articles show is compiled: each of their blocks of Swift stands, between the marks `// shown`
/// and `// end`, in one of the files of the folders for documentation.
@Suite("The documentation's pages")
struct DocumentationPagesTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
  private static let folders = ["PodShareTests", "PodShareP2PTests", "PodShareRedisTests"].map {
    "Tests/\($0)/Documentation"
  }

  static let pages: [String] = {
    let catalogs = ["PodShare", "PodShareP2P", "PodShareRedis", "PodShareTestKit"].map {
      "Sources/\($0)/\($0).docc"
    }
    let articles = catalogs.flatMap { catalog in
      names(in: root.appending(path: catalog), ending: ".md").map { "\(catalog)/\($0)" }
    }
    return ["README.md"] + articles
  }()

  @Test("show nothing but code that compiles", arguments: pages)
  func showCompiledCode(page: String) throws {
    var compiled: Set<String> = []
    for folder in Self.folders.map({ Self.root.appending(path: $0) }) {
      for name in Self.names(in: folder, ending: ".swift") {
        compiled.formUnion(
          Self.compiled(in: try String(contentsOf: folder.appending(path: name), encoding: .utf8)))
      }
    }
    for code in Self.shown(on: try String(contentsOf: Self.root.appending(path: page), encoding: .utf8))
    where !compiled.contains(code) {
      Issue.record("\(page) shows code that is not compiled in any of \(Self.folders):\n\(code)")
    }
  }

  @Test("are found")
  func areFound() throws {
    let blocks = try Self.pages.map { page in
      Self.shown(on: try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)).count
    }
    #expect(Self.pages.count > 3)
    #expect(blocks.reduce(0, +) > 10)
  }

  private static func names(in folder: URL, ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.sorted()
  }

  /// The blocks between the marks, without their indentation.
  private static func compiled(in source: String) -> Set<String> {
    var blocks: Set<String> = []
    var block: [Substring]?
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      switch line.drop(while: { $0 == " " }) {
      case "// shown": block = []
      case "// end":
        let lines = block ?? []
        let indentation = lines.first?.prefix { $0 == " " }.count ?? 0
        blocks.insert(lines.map { $0.dropFirst(indentation) }.joined(separator: "\n"))
        block = nil
      default: block?.append(line)
      }
    }
    return blocks
  }

  /// A page's blocks of Swift, without imports; those of package manifests are left out.
  private static func shown(on page: String) -> [String] {
    page.components(separatedBy: "```swift\n").dropFirst().compactMap { part in
      let block = part.components(separatedBy: "\n```").first ?? ""
      let lines = block.components(separatedBy: "\n").filter { !$0.hasPrefix("import ") }
      guard lines.first != "dependencies: [" else { return nil }
      return lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }
  }
}
