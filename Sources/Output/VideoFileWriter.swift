public import Media
public import Threads

/// A video file made by an encoder command in a staged file. When it is finished the file is sealed, and has no name yet.
///
/// Pictures go to the encoder as raw pixels.
public final class VideoFileWriter: PictureWriter {
    private let file: StagedFile
    private let rate: Rational
    private let template: EncoderTemplate
    private let stop: StopSignal?
    private var encoder: EncoderProcess?
    private var raw: RawWriter?

    /// - Parameters:
    ///   - file: not created yet: the encoder does that.
    ///   - rate: pictures per second.
    ///   - stop: when it is raised the encoder is killed, and what waits for it fails.
    public init(_ file: StagedFile, template: EncoderTemplate, rate: Rational, stop: StopSignal? = nil) {
        self.file = file
        self.template = template
        self.rate = rate
        self.stop = stop
    }

    deinit {
        // Before the file's folder goes, so that the child does not write into it any more.
        encoder = nil
    }

    public func write(_ picture: Picture) throws {
        let (encoder, raw) = try started(for: picture.size)
        try interruptible(encoder) { try encoder.writing { try raw.write(picture) } }
    }

    /// - Throws: `OutputError`, `SystemError`.
    public func finish() throws {
        guard let encoder else {
            throw OutputError.unsupported(output: "\(file.path)", reason: "no pictures: nothing to encode")
        }
        try interruptible(encoder) { try encoder.finish() }
        try file.seal()
    }

    private func interruptible(_ encoder: EncoderProcess, _ body: () throws -> Void) throws {
        guard let stop else { return try body() }
        try stop.whileReleasing({ [child = encoder.child] in child.kill() }, body)
    }

    private func started(for size: PixelSize) throws -> (EncoderProcess, RawWriter) {
        if let encoder, let raw { return (encoder, raw) }
        let words = template.words(size: size, rate: rate, output: "\(file.growingName)")
        let encoder = try EncoderProcess(
            words[0], arguments: Array(words.dropFirst()), folder: file.staging, output: "\(file.path)")
        let raw = RawWriter(encoder.input, keepsAlpha: template.keepsAlpha)
        (self.encoder, self.raw) = (encoder, raw)
        return (encoder, raw)
    }
}
