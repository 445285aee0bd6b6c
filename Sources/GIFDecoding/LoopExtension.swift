/// The application extension that says how often an animation repeats (NETSCAPE2.0, ANIMEXTS1.0).
struct LoopExtension {
    private var isLoop = false
    private var blocks = 0
    /// Repetitions after the first play, 0 for ever; nil until the extension said so.
    private(set) var count: Int?

    /// Takes the extension's next sub-block.
    mutating func add(_ data: some Collection<UInt8>) {
        if blocks == 0 {
            isLoop = data.elementsEqual("NETSCAPE2.0".utf8) || data.elementsEqual("ANIMEXTS1.0".utf8)
        } else if isLoop {
            let bytes = Array(data.prefix(3))
            if bytes.count == 3 && bytes[0] & 7 == 1 {
                count = Int(bytes[1]) | Int(bytes[2]) << 8
            }
        }
        blocks += 1
    }
}
