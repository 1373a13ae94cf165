import NIOCore
import PodShare
import Testing

// The code of "Codecs and rolling deploys", compared with the page by `DocumentationPagesTests`.

@Suite("The documentation's code: codecs")
struct DocumentedCodecsTests {
  @Test("The strict codec")
  func strict() async throws {
    struct Limits: Codable {
      var rate: Int
    }
    let transport = MemoryTransport()
    // shown
    var configuration = StoreConfiguration(codec: StrictJSONCodec<Limits>())
    configuration.onError = { error in
      if error.code == .undecodableValue { print(error) }
    }
    let store = try await Store.join("limits", over: transport, configuration: configuration)
    // end
    try store.set("k", to: Limits(rate: 1))
    #expect(store["k"]?.rate == 1)
  }

  @Test("Rolling out a field, and removing one")
  func field() async throws {
    // shown
    struct Limits: Codable {
      var rate: Int
      var burst: Int?

      /// What the code reads: values of builds before this one have no burst.
      var allowedBurst: Int { burst ?? rate }
    }
    // end
    let store = try Store<Limits>("limits", over: MemoryTransport())
    var json = ByteBuffer()
    try StrictJSONCodec<Limits>().encode(Limits(rate: 1), into: &json)
    #expect(String(buffer: json) == #"{"rate":1}"#)
    try store.setMany(["a": Limits(rate: 1), "b": Limits(rate: 2, burst: 3)])
    let version = store.version(of: "a")
    // shown
    for entry in store.snapshot() where entry.value.burst != nil {
      var limits = entry.value
      limits.burst = nil
      _ = try store.trySet(entry.key, to: limits, ifVersion: entry.version)
    }
    // end
    #expect(store["b"]?.allowedBurst == 2)
    #expect(store.version(of: "a") == version)
  }

  @Test("A codec of your own")
  func version() throws {
    // shown
    struct Quota {
      var rate: UInt32
      var burst: UInt32
    }

    struct QuotaCodec: Codec {
      enum Failure: Error {
        case unknownVersion(UInt8?)
        case wrongLength
      }

      func encode(_ quota: Quota, into buffer: inout ByteBuffer) {
        buffer.writeInteger(2 as UInt8)
        buffer.writeInteger(quota.rate)
        buffer.writeInteger(quota.burst)
      }

      func decode(_ bytes: ByteBuffer) throws -> Quota {
        var bytes = bytes
        let version = bytes.readInteger(as: UInt8.self)
        switch (version, bytes.readableBytes) {
        case (1, 4):
          let rate = bytes.readInteger(as: UInt32.self) ?? 0
          return Quota(rate: rate, burst: rate)
        case (2, 8):
          return Quota(
            rate: bytes.readInteger(as: UInt32.self) ?? 0, burst: bytes.readInteger(as: UInt32.self) ?? 0)
        case (1, _), (2, _):
          throw Failure.wrongLength
        default:
          throw Failure.unknownVersion(version)
        }
      }
    }
    // end
    let codec = QuotaCodec()
    let old = try codec.decode(ByteBuffer(bytes: [1, 0, 0, 0, 7]))
    #expect(old.rate == 7 && old.burst == 7)
    var buffer = ByteBuffer()
    codec.encode(Quota(rate: 1, burst: 2), into: &buffer)
    let new = try codec.decode(buffer)
    #expect(new.rate == 1 && new.burst == 2)
    for bytes in [[], [1], [2, 0, 0, 0, 7], [3, 0, 0, 0, 7]] as [[UInt8]] {
      #expect(throws: QuotaCodec.Failure.self) { try codec.decode(ByteBuffer(bytes: bytes)) }
    }
  }
}
