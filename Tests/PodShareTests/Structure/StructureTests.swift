import Foundation
import Testing

/// What the sources may know of one another, read from their text.
@Suite("The structure")
struct StructureTests {
  private static let sources = URL(filePath: #filePath).appending(path: "../../../../Sources")
    .standardizedFileURL
  private static let table = "PodShare/Table/"

  /// Code without its comments, by its file's path within the sources.
  private static let code: [String: String] = {
    let paths = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? []
    var code: [String: String] = [:]
    for path in paths where path.hasSuffix(".swift") {
      let text = try? String(contentsOf: sources.appending(path: path), encoding: .utf8)
      let lines = (text ?? "").split(separator: "\n").filter {
        !$0.drop(while: { $0 == " " }).hasPrefix("//")
      }
      code[path] = lines.joined(separator: "\n")
    }
    return code
  }()

  @Test("What the compiler cannot check is done in the table and the JSON target alone")
  func unsafeCode() throws {
    // A lock that lends what it guards, and a function of the system's that passes a list.
    let exceptions: Set = ["PodShare/Store/Core/Locked.swift", "PodShareNetworking/SystemResolver.swift"]
    let signs = try Regex(
      "[Uu]nsafe|Unmanaged|assumingMemoryBound|withMemoryRebound|exclusivity\\(unchecked\\)")
    let unsafe = Set(Self.code.filter { $0.value.contains(signs) }.keys)
    let allowed = unsafe.filter { $0.hasPrefix(Self.table) || $0.hasPrefix("PodShareJSON/") }
    #expect(!allowed.isEmpty)
    #expect(unsafe.subtracting(allowed) == exceptions)
  }

  @Test("Nothing but the table knows what the table is made of")
  func cells() throws {
    let declaration = try Regex(
      "(?:struct|class|enum|protocol|typealias) (\\w+)", as: (Substring, Substring).self)
    let inside = Self.code.filter { $0.key.hasPrefix(Self.table + "Cells/") }
    // `State`, `Place` and the like, which stand inside of others, say nothing by themselves.
    let names = Set(
      inside.values.flatMap { $0.split(separator: "\n").filter { !$0.hasPrefix(" ") } }
        .flatMap { $0.matches(of: declaration).map(\.output.1) })
    #expect(names.contains("CellTable") && names.contains("Reclamation"))
    // Other modules see no more of them than what is declared for the package, but have names of their own.
    for (path, code) in Self.code where path.hasPrefix("PodShare/") && !path.hasPrefix(Self.table) {
      let words = Set(code.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
      #expect(words.intersection(names) == [], "\(path)")
    }
  }
}
