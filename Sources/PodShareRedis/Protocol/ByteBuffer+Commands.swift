import NIOCore

extension ByteBuffer {
  /// Writes a command as Redis reads it: an array of strings, the first of which is its name.
  mutating func writeCommand(_ name: String, _ arguments: some Collection<ByteBuffer>) {
    writeCommandHeader(name, argumentCount: arguments.count)
    for argument in arguments {
      writeStringHeader(argument.readableBytes)
      writeImmutableBuffer(argument)
      writeLineEnd()
    }
  }

  /// Writes a command whose arguments are text.
  mutating func writeCommand(_ name: String, _ arguments: String...) {
    writeCommand(name, arguments.map(ByteBuffer.init(string:)))
  }

  /// Writes the beginning of `PUBLISH channel message`, up to the message.
  mutating func writePublishHeader(_ channel: String, messageBytes: Int) {
    writeCommandHeader("PUBLISH", argumentCount: 2)
    writeStringHeader(channel.utf8.count)
    writeString(channel)
    writeLineEnd()
    writeStringHeader(messageBytes)
  }

  mutating func writeLineEnd() {
    writeInteger(UInt16(0x0d0a))
  }

  private mutating func writeCommandHeader(_ name: String, argumentCount: Int) {
    writeString("*\(argumentCount + 1)\r\n$\(name.utf8.count)\r\n\(name)\r\n")
  }

  private mutating func writeStringHeader(_ length: Int) {
    writeString("$\(length)\r\n")
  }
}
