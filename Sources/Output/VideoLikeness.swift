public import Filesystem
import Glibc
public import Media

/// The likeness of two videos, by ffmpeg's filters, over all pictures that both have.
public struct VideoLikeness: Encodable, Sendable {
    /// In dB over red, green and blue; nil where the two are the same.
    public let psnr: Double?
    /// Over red, green and blue; 1 where the two are the same.
    public let ssim: Double
    /// Over brightness, 0 to 100; nil where it could not be measured.
    public let vmaf: Double?
    /// The reason for which there is no `vmaf`.
    public let reasonWithoutVMAF: String?

    private enum CodingKeys: CodingKey {
        case psnr, ssim, vmaf
    }

    /// Whether a film can be opened and there is an ffmpeg, which would show late otherwise.
    /// - Throws: `OutputError` with the film's name.
    public static func check(_ reference: Path) throws {
        guard reference.withCString({ access($0, R_OK) }) == 0 else {
            throw OutputError.system(output: "\(reference)", call: "cannot open", errno: errno)
        }
        _ = try ChildProcess.find("ffmpeg", "ffmpeg", "\(reference)")
    }

    /// - Parameters:
    ///   - reference: is scaled to `size` and shown at `rate`, pictures per second.
    /// - Throws: `OutputError.unsupported` with ffmpeg's words, `OutputError.system`, `SystemError`.
    public static func measure(_ video: Path, reference: Path, size: PixelSize, rate: Rational) throws -> VideoLikeness
    {
        func value(_ filter: String, pixels: String, behind mark: String) throws -> String {
            try run(
                "[0:v]format=\(pixels)[a];[1:v]fps=\(rate):start_time=0,"
                    + "scale=\(size.width):\(size.height):flags=bicubic+accurate_rnd+full_chroma_int,format=\(pixels)[b];"
                    + "[a][b]\(filter)=shortest=1", video, reference, behind: mark)
        }
        let psnr = try value("psnr", pixels: "gbrp", behind: "average:")
        let ssim = try value("ssim", pixels: "gbrp", behind: "All:")
        var vmaf: Double?
        var reason: String?
        do {
            vmaf = try number(value("libvmaf", pixels: "yuv420p", behind: "VMAF score: "), reference)
        } catch OutputError.unsupported(_, let words) {
            // An ffmpeg without it, and libvmaf itself, which cannot take the smallest pictures.
            reason = words.contains("No such filter") ? "this ffmpeg has no libvmaf" : words
        }
        return VideoLikeness(
            psnr: psnr == "inf" ? nil : try number(psnr, reference), ssim: try number(ssim, reference), vmaf: vmaf,
            reasonWithoutVMAF: reason)
    }

    /// The word that ffmpeg says behind a mark in its last lines.
    private static func run(
        _ filters: String, _ video: Path, _ reference: Path, behind mark: String
    ) throws -> String {
        guard let video = video.text, let film = reference.text else {
            throw OutputError.unsupported(output: "\(reference)", reason: "ffmpeg is told names in UTF-8 only")
        }
        let child = try ChildProcess(
            [
                "ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", "-i", "file:\(video)",
                "-i", "file:\(film)",
                "-filter_complex", filters, "-f", "null", "-",
            ],
            package: "ffmpeg", folder: try Folder("."), pipe: .output, name: film)
        while child.wait() != .hasEnded {}
        let ending = child.end()
        guard ending.status == 0 else { throw failure(film, ending) }
        for line in ending.said.reversed() {
            if let place = line.firstRange(of: mark) {
                return String(line[place.upperBound...].prefix { $0 != " " })
            }
        }
        throw failure(film, ending)
    }

    /// The faults among the last lines, which ffmpeg marks, or else all of them.
    private static func failure(_ film: String, _ ending: ChildProcess.Ending) -> OutputError {
        let faults = ending.said.compactMap { line in
            ["[error] ", "[fatal] "].lazy.compactMap { line.firstRange(of: $0) }.first.map { line[$0.upperBound...] }
        }
        let words = faults.isEmpty ? ending.message : faults.joined(separator: " / ")
        return .unsupported(output: film, reason: "ffmpeg cannot compare them: \(words)")
    }

    private static func number(_ word: String, _ reference: Path) throws -> Double {
        guard let number = Double(word) else {
            throw OutputError.unsupported(output: "\(reference)", reason: "ffmpeg measured \(word)")
        }
        return number
    }
}
