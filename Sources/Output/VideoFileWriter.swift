import Glibc
public import Media
public import Threads

/// Has an encoder command make a video in a staged file. When it is finished the file is complete and was checked as its template
/// says; its owner seals and publishes it.
///
/// Pictures go to the encoder as raw pixels.
public final class VideoFileWriter: PictureWriter {
    private let file: StagedFile
    private let rate: Rational
    private let template: EncoderTemplate
    private let stop: StopSignal?
    private let stallLimit: Double?
    private var encoder: EncoderProcess?
    private var raw: RawWriter?
    private var pictures = 0

    /// - Parameters:
    ///   - file: not created yet: the encoder does that.
    ///   - rate: pictures per second.
    ///   - stop: when it is raised the encoder is killed, and what waits for it fails.
    ///   - stallLimit: seconds without progress of the encoder after which it is killed; time between two pictures does not
    ///     count. nil: it may take as long as it likes.
    public init(
        _ file: StagedFile, template: EncoderTemplate, rate: Rational, stop: StopSignal? = nil,
        stallLimit: Double? = nil
    ) {
        self.file = file
        self.template = template
        self.rate = rate
        self.stop = stop
        self.stallLimit = stallLimit
    }

    deinit {
        // The child must end before the file's folder is removed, as it would go on writing there.
        raw = nil
        encoder = nil
    }

    public func write(_ picture: Picture) throws {
        let (encoder, raw) = try started(for: picture.size)
        try interruptible(encoder.group) { try encoder.writing { try raw.write(picture) } }
        pictures += 1
    }

    /// - Throws: `OutputError`: `.incomplete` where the encoder ended with success and its video is not whole;
    ///   `SystemError`.
    public func finish() throws {
        guard let encoder else {
            throw OutputError.unsupported(output: "\(file.path)", reason: "no pictures: nothing to encode")
        }
        try interruptible(encoder.group) { try encoder.finish() }
        try check.run(pictures: pictures, running: interruptible)
    }

    private var check: VideoCheck { VideoCheck(file: file, template: template, limit: stallLimit) }

    private func interruptible(_ group: ProcessGroup, _ body: () throws -> Void) throws {
        guard let stop else { return try body() }
        do {
            try stop.whileReleasing({ group.kill() }, body)
        } catch {
            // The kill broke what the body was doing.
            guard stop.isRaised else { throw error }
            throw OutputError.system(output: "\(file.path)", call: "write", errno: ECANCELED)
        }
    }

    private func started(for size: PixelSize) throws -> (EncoderProcess, RawWriter) {
        if let encoder, let raw { return (encoder, raw) }
        try check.prepare()
        let words = template.words(size: size, rate: rate, output: "\(file.growingName)")
        let encoder = try EncoderProcess(
            words, folder: file.staging, isConfined: template.isConfined, output: "\(file.path)", stallLimit: stallLimit
        )
        // Encoders share colors between pixels, and players that scale do.
        let raw = RawWriter(encoder.input, keepsAlpha: template.keepsAlpha, extendsColors: true)
        (self.encoder, self.raw) = (encoder, raw)
        return (encoder, raw)
    }
}
