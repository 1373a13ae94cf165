import Foundation
import PodShareJSON
import Testing

/// What is read of a text. `StrictJSONCodecTests` has the rest.
@Suite("Strictness")
struct StrictnessTests {
  private func unread<Value: Decodable>(in json: String, as type: Value.Type) -> [UnreadPart.Step]? {
    do {
      _ = try JSON.decodeStrictly(type, from: Array(json.utf8).span)
      return nil
    } catch let part as UnreadPart {
      return part.path
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  struct Accent: Codable {
    enum CodingKeys: String, CodingKey {
      case acute = "é"
      case list, names
    }

    var acute: Int?
    var list: [String]?
    var names: [String: Int]?
  }

  @Test("members are known however they are spelt")
  func spelling() {
    for name in ["é", "e\u{301}", "\\u00e9"] {
      #expect(unread(in: "{\"\(name)\":1}", as: Accent.self) == nil)
      #expect(unread(in: "{\"\(name)\":1,\"ö\":2}", as: Accent.self) == [.member("ö")])
    }
    #expect(unread(in: "{\"\\u00e9\":1,\"e\u{301}\":{\"x\":1}}", as: Accent.self) == nil)
  }

  @Test("all of an array or dictionary of the usual types is read")
  func collections() {
    #expect(unread(in: #"{"list":["a","b"],"names":{"x":1,"y":2}}"#, as: Accent.self) == nil)
    #expect(unread(in: #"{"list":["a","b"],"names":{"x":1,"y":2},"z":1}"#, as: Accent.self) == [.member("z")])
    #expect(unread(in: #"{"é":{"x":1}}"#, as: [String: [String: Int]].self) == nil)
    #expect(unread(in: "[[],[1]]", as: [[Int]].self) == nil)
  }

  struct Nothing: Codable {}

  /// Reads the first element of an array as one of two types.
  struct First: Decodable {
    init(from decoder: any Decoder) throws {
      var array = try decoder.unkeyedContainer()
      if (try? array.decode([Int].self)) == nil { _ = try array.decode([String].self) }
    }
  }

  @Test("elements and members that are not read are named, the outermost first")
  func naming() {
    #expect(unread(in: "[[1],2]", as: First.self) == [.element(1)])
    #expect(unread(in: #"[["a"]]"#, as: First.self) == nil)
    #expect(
      unread(in: #"{"b":{"x":1},"a":{"y":1,"x":1}}"#, as: [String: Nothing].self) == [
        .member("a"), .member("x"),
      ])
    let many = (0..<100).map { "\"key \($0)\":\($0)" }.joined(separator: ",")
    #expect(unread(in: "{\(many)}", as: Nothing.self) == [.member("key 0")])
    #expect(unread(in: "{\(many),\"key 7\":{}}", as: [String: Int].self) == nil)
  }
}
