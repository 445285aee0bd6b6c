/// The containers that ffmpeg fills for us, by file name extension.
public enum VideoContainer: String, CaseIterable, Sendable {
    case mp4, webm, mkv

    /// Whether a codec of this container carries an alpha plane.
    public var canKeepAlpha: Bool { self == .webm }

    /// ffmpeg's command line: it converts to BT.709 in limited range and says so in the file. Without -xerror it would end
    /// with success where the disk is full when the last bytes leave.
    /// - Parameter keepsAlpha: only where `canKeepAlpha`.
    public func template(keepsAlpha: Bool) -> EncoderTemplate {
        let input = [
            "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-xerror", "-y", "-f", "rawvideo",
            "-pixel_format", "{pixels}", "-video_size", "{width}x{height}", "-framerate", "{rate}", "-i", "pipe:0",
        ]
        // 4:2:0 needs even sides: the last column and row are repeated where one is odd.
        let even = "pad=ceil(iw/2)*2:ceil(ih/2)*2,fillborders=right={odd_width}:bottom={odd_height}:mode=smear"
        let color = "scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
        let filter = [
            "-vf", "\(even),\(color)", "-pix_fmt", keepsAlpha ? "yuva420p" : "yuv420p",
            "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        ]
        return EncoderTemplate(command: input + filter + codec + ["{output}"], keepsAlpha: keepsAlpha)
    }

    private var codec: [String] {
        switch self {
        case .mp4: ["-c:v", "libx264", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]
        case .mkv: ["-c:v", "libx264", "-crf", "18", "-f", "matroska"]
        case .webm:
            [
                "-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-deadline", "good", "-cpu-used", "4",
                "-row-mt", "1", "-auto-alt-ref", "0", "-f", "webm",
            ]
        }
    }
}
