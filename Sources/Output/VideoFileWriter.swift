public import Media
public import Threads

/// A video file made by an encoder command, which appears under its name when it is complete.
///
/// Pictures go to the encoder as raw pixels.
public final class VideoFileWriter: PictureWriter {
    private let file: AtomicFile
    private let rate: Rational
    private let template: EncoderTemplate
    private let stop: StopSignal?
    private var encoder: EncoderProcess?
    private var raw: RawWriter?

    /// - Parameters:
    ///   - file: the finished file.
    ///   - rate: pictures per second.
    ///   - stop: when it is raised the encoder is killed, and what waits for it fails.
    public init(_ file: AtomicFile, template: EncoderTemplate, rate: Rational, stop: StopSignal? = nil) {
        self.file = file
        self.template = template
        self.rate = rate
        self.stop = stop
    }

    /// - Parameters:
    ///   - path: the finished file.
    ///   - keepsAlpha: keep transparency; only `VideoContainer.webm` can.
    /// - Throws: `OutputError.unsupported`.
    public convenience init(path: String, container: VideoContainer, rate: Rational, keepsAlpha: Bool) throws {
        guard !keepsAlpha || container.canKeepAlpha else {
            throw OutputError.unsupported(
                output: path, reason: "\(container.rawValue) cannot keep transparency; .webm can")
        }
        self.init(AtomicFile(path: path), template: container.template(keepsAlpha: keepsAlpha), rate: rate)
    }

    deinit {
        // Before the file goes, so that the child does not make it anew.
        encoder = nil
    }

    /// The unfinished file, for whoever must remove it when the process is killed.
    public var partialPath: String { file.partialPath }

    public func write(_ picture: Picture) throws {
        let (encoder, raw) = try started(for: picture.size)
        try interruptible(encoder) { try encoder.writing { try raw.write(picture) } }
    }

    public func finish() throws {
        guard let encoder else {
            throw OutputError.unsupported(output: file.path, reason: "no pictures: nothing to encode")
        }
        try interruptible(encoder) { try encoder.finish() }
        try file.commit()
    }

    private func interruptible(_ encoder: EncoderProcess, _ body: () throws -> Void) throws {
        guard let stop else { return try body() }
        try stop.whileReleasing({ [child = encoder.child] in child.kill() }, body)
    }

    private func started(for size: PixelSize) throws -> (EncoderProcess, RawWriter) {
        if let encoder, let raw { return (encoder, raw) }
        let words = template.words(size: size, rate: rate, output: file.partialPath)
        let encoder = try EncoderProcess(words[0], arguments: Array(words.dropFirst()), output: file.path)
        let raw = RawWriter(encoder.input, keepsAlpha: template.keepsAlpha)
        (self.encoder, self.raw) = (encoder, raw)
        return (encoder, raw)
    }
}
