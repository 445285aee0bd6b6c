public import Media

/// A video file made by ffmpeg, which appears under its name when it is complete.
///
/// Pictures go to ffmpeg as raw pixels; it converts them to BT.709 in limited range and says so in the file.
public final class VideoFileWriter: PictureWriter {
    private let file: AtomicFile
    private let rate: Rational
    private let container: VideoContainer
    private let keepsAlpha: Bool
    private var encoder: EncoderProcess?
    private var raw: RawWriter?

    /// - Parameters:
    ///   - path: the finished file.
    ///   - rate: pictures per second.
    ///   - keepsAlpha: keep transparency; only `VideoContainer.webm` can.
    public init(path: String, container: VideoContainer, rate: Rational, keepsAlpha: Bool) throws {
        guard !keepsAlpha || container.canKeepAlpha else {
            throw OutputError.unsupported(
                output: path, reason: "\(container.rawValue) cannot keep transparency; .webm can")
        }
        file = AtomicFile(path: path)
        self.container = container
        self.rate = rate
        self.keepsAlpha = keepsAlpha
    }

    deinit {
        // Before the file goes, so that the child does not make it anew.
        encoder = nil
    }

    /// The unfinished file, for whoever must remove it when the process is killed.
    public var partialPath: String { file.partialPath }

    public func write(_ picture: Picture) throws {
        let (encoder, raw) = try started(for: picture.size)
        try encoder.writing { try raw.write(picture) }
    }

    public func finish() throws {
        guard let encoder else {
            throw OutputError.unsupported(output: file.path, reason: "no pictures: nothing to encode")
        }
        try encoder.finish()
        try file.commit()
    }

    private func started(for size: PixelSize) throws -> (EncoderProcess, RawWriter) {
        if let encoder, let raw { return (encoder, raw) }
        let arguments = container.arguments(size: size, rate: rate, keepsAlpha: keepsAlpha) + [file.partialPath]
        let encoder = try EncoderProcess("ffmpeg", arguments: arguments, output: file.path)
        let raw = RawWriter(encoder.input, keepsAlpha: keepsAlpha)
        (self.encoder, self.raw) = (encoder, raw)
        return (encoder, raw)
    }
}

/// The containers that ffmpeg fills for us, by file name extension.
public enum VideoContainer: String, CaseIterable, Sendable {
    case mp4, webm, mkv

    /// Whether a codec of this container carries an alpha plane.
    public var canKeepAlpha: Bool { self == .webm }

    /// ffmpeg's command line up to the output's name.
    func arguments(size: PixelSize, rate: Rational, keepsAlpha: Bool) -> [String] {
        let input = [
            "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
            "-f", "rawvideo", "-pixel_format", keepsAlpha ? "rgba" : "rgb24", "-video_size", "\(size)",
            "-framerate", "\(rate)", "-i", "pipe:0",
        ]
        // 4:2:0 needs even sides: the last column and row are repeated where one is odd.
        let (right, bottom) = (size.width & 1, size.height & 1)
        let even = "pad=ceil(iw/2)*2:ceil(ih/2)*2,fillborders=right=\(right):bottom=\(bottom):mode=smear,"
        let pad = right == 1 || bottom == 1 ? even : ""
        let filter = [
            "-vf", "\(pad)scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv",
            "-pix_fmt", keepsAlpha ? "yuva420p" : "yuv420p",
            "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        ]
        switch self {
        case .mp4:
            return input + filter + ["-c:v", "libx264", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]
        case .mkv:
            return input + filter + ["-c:v", "libx264", "-crf", "18", "-f", "matroska"]
        case .webm:
            let speed = ["-deadline", "good", "-cpu-used", "4", "-row-mt", "1", "-auto-alt-ref", "0"]
            return input + filter + ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0"] + speed + ["-f", "webm"]
        }
    }
}
