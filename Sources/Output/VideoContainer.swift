/// The kinds of video that ffmpeg makes for us: encoders that come with the program, by name.
public enum VideoContainer: String, CaseIterable, Sendable {
    case mp4, webm, mkv
    /// For editors: ProRes 4444 in QuickTime, 10 bits a channel, and FFV1 in Matroska, which loses nothing.
    case prores, ffv1

    /// Of its files, without the dot.
    public var fileExtension: String {
        switch self {
        case .mp4, .webm, .mkv: rawValue
        case .prores: "mov"
        case .ffv1: "mkv"
        }
    }

    /// Whether its codec carries an alpha plane: straight alpha.
    public var canKeepAlpha: Bool { self != .mp4 && self != .mkv }

    /// ffmpeg's command line: it converts to BT.709 in limited range, but for FFV1, which keeps RGB, and says so in the file.
    /// Without -xerror it would end with success where the disk is full when the last bytes leave.
    /// - Parameter keepsAlpha: only where `canKeepAlpha`.
    public func template(keepsAlpha: Bool) -> EncoderTemplate {
        let input = [
            "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-xerror", "-y", "-f", "rawvideo",
            "-pixel_format", "{pixels}", "-video_size", "{width}x{height}", "-framerate", "{rate}", "-i", "pipe:0",
        ]
        return EncoderTemplate(
            command: input + pixels(keepsAlpha: keepsAlpha) + codec + ["{output}"], keepsAlpha: keepsAlpha)
    }

    /// Filters, the layout of the pixels, and what the file says of their colors.
    private func pixels(keepsAlpha: Bool) -> [String] {
        // 4:2:0 needs even sides: the last column and row are repeated where one is odd.
        let even = "pad=ceil(iw/2)*2:ceil(ih/2)*2,fillborders=right={odd_width}:bottom={odd_height}:mode=smear"
        let color = "scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
        let primaries = ["-color_primaries", "bt709", "-color_trc", "bt709"]
        switch self {
        case .mp4, .webm, .mkv:
            return ["-vf", "\(even),\(color)", "-pix_fmt", keepsAlpha ? "yuva420p" : "yuv420p", "-colorspace", "bt709"]
                + primaries + ["-color_range", "tv"]
        case .prores:
            // The encoder asks the pictures, not the options.
            let tags = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
            return ["-vf", "\(color),\(tags)", "-pix_fmt", keepsAlpha ? "yuva444p10le" : "yuv444p10le"]
        case .ffv1: return ["-pix_fmt", keepsAlpha ? "bgra" : "bgr0"] + primaries
        }
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
        case .prores: ["-c:v", "prores_ks", "-profile:v", "4444", "-vendor", "apl0", "-f", "mov"]
        case .ffv1: ["-c:v", "ffv1", "-level", "3", "-g", "1", "-slicecrc", "1", "-f", "matroska"]
        }
    }
}
