import NIOConcurrencyHelpers
import NIOCore

/// A script that runs on the server, as a whole.
struct Script: Sendable, Hashable {
  let source: String
}

/// Runs scripts, by their hashes once the server knows them.
final class Scripts: Sendable {
  private let client: any RedisClient
  /// What the server called each script when it was told of it. A server that has been restarted does not know them.
  private let hashes = NIOLockedValueBox<[Script: ByteBuffer]>([:])

  init(_ client: any RedisClient) {
    self.client = client
  }

  func run(_ script: Script, on key: String, _ arguments: [ByteBuffer]) async throws(RedisError) -> RedisReply
  {
    let command = { (hash: ByteBuffer) in
      [Self.evalsha, hash, ByteBuffer(string: "1"), ByteBuffer(string: key)] + arguments
    }
    if let hash = hashes.withLockedValue({ $0[script] }) {
      do throws(RedisError) {
        return try await client.send(command(hash))
      } catch {
        guard error.message.hasPrefix("NOSCRIPT") else { throw error }
      }
    }
    let reply = try await client.send([
      ByteBuffer(string: "SCRIPT"), ByteBuffer(string: "LOAD"), ByteBuffer(string: script.source),
    ])
    guard let loaded = reply.bytes else {
      throw RedisError(.protocolViolation, "it does not say what it calls a script")
    }
    let hash = ByteBuffer(loaded.readableBytesView)
    hashes.withLockedValue { $0[script] = hash }
    return try await client.send(command(hash))
  }

  private static let evalsha = ByteBuffer(string: "EVALSHA")
}

extension Script {
  /// Makes changes to a hash's fields, each if its condition holds. Four arguments each: the field's name; `>` if there must
  /// be nothing or something of a lower rank, `+` if there must be nothing, `=` if what is there must begin with the next
  /// argument; that; the new content, or nothing to remove the field. Returns names and contents where it did not hold.
  ///
  /// Ranks are compared byte by byte: Lua's own comparison goes by the server's locale, and its numbers are too short.
  static let changeFields = Script(
    source: """
      local function rank(content)
        if #content < 10 then return nil end
        local length = string.byte(content, 9) * 256 + string.byte(content, 10)
        if #content < 10 + length then return nil end
        return string.sub(content, 11, 10 + length)
      end
      local function precedes(a, b)
        if a == b then return false end
        for i = 1, math.min(#a, #b) do
          local x, y = string.byte(a, i), string.byte(b, i)
          if x ~= y then return x < y end
        end
        return #a < #b
      end
      local refused = {}
      for i = 1, #ARGV, 4 do
        local name, kind, expected, content = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
        local kept = redis.call('HGET', KEYS[1], name)
        local holds
        if kind == '+' then
          holds = not kept
        elseif kind == '=' then
          holds = kept and string.sub(kept, 1, #expected) == expected
        elseif not kept then
          holds = true
        else
          local old, new = rank(kept), rank(content)
          holds = old and new and precedes(old, new)
        end
        if not holds then
          refused[#refused + 1] = name
          refused[#refused + 1] = kept or ''
        elseif content == '' then
          redis.call('HDEL', KEYS[1], name)
        else
          redis.call('HSET', KEYS[1], name, content)
        end
      end
      return refused
      """)

  /// The first bytes of a hash's field.
  static let beginningOfField = Script(
    source: """
      local kept = redis.call('HGET', KEYS[1], ARGV[1])
      return kept and string.sub(kept, 1, tonumber(ARGV[2]))
      """)

  /// A value, and what tells it from others.
  static let fetchValue = Script(
    source: """
      local kept = redis.call('GET', KEYS[1])
      return kept and {kept, redis.sha1hex(kept)}
      """)

  /// Replaces a value if it still is what it was, or if there was none and still is none. Returns whether it did.
  static let replaceValue = Script(
    source: """
      local kept = redis.call('GET', KEYS[1])
      if (kept and redis.sha1hex(kept) or '') ~= ARGV[2] then return 0 end
      redis.call('SET', KEYS[1], ARGV[1])
      return 1
      """)
}
