import Foundation
import TestSupport
import Testing

/// `gif2video compare`: videos, and numbers beside the original.
@Suite struct CompareTests {
    private let folder: TemporaryFolder
    private let gif: String

    init() throws {
        folder = try TemporaryFolder()
        gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8]), to: "in.gif")
    }

    private func compare(_ arguments: String...) throws -> Tool.Result {
        try Tool.run(Tool.gif2video, ["compare", gif] + arguments)
    }

    /// The GIF at 25 pictures a second, as raw pictures.
    private func pictures(_ path: String, filters: String = "null") throws -> [UInt8] {
        let result = try Tool.run(
            "ffmpeg", ["-v", "error", "-i", path, "-vf", filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    @Test func aVideoHasTheGIFLeftAndTheRestoredOneRight() throws {
        let video = folder.path("both.mov")
        let result = try compare("--rate", "25", "--crop", "16x8+4+2", "--zoom", "3", "-o", video)
        #expect(result.status == 0, "\(result.errors)")
        // 32 cs are 8 pictures; two parts of 48 x 24 with 8 pixels between them.
        #expect(try pictures(video).count == 8 * 104 * 24 * 3)
        let left = try pictures(video, filters: "crop=48:24:0:0")
        let shown = try pictures(gif, filters: "fps=25,crop=16:8:4:2,scale=48:24:flags=neighbor")
        #expect(left.count == shown.count)
        let worst = zip(left, shown).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(worst <= 4, "ProRes is nearly lossless: \(worst)")
        #expect(try folder.contents == ["both.mov", "in.gif"])
    }

    /// A film that is the GIF itself.
    private func makeFilm() throws -> String {
        let film = folder.path("film.mkv")
        let result = try Tool.run(
            Tool.gif2video, ["convert", gif, "--profile", "none", "--rate", "25", "--to", "ffv1", "-o", film])
        #expect(result.status == 0, "\(result.errors)")
        return film
    }

    /// The film is the GIF itself, and so the GIF is the same and the restored one is not.
    @Test func aReferenceMeasuresBoth() throws {
        let film = try makeFilm()
        let result = try compare("--rate", "25", "--reference", film, "--json")
        #expect(result.status == 0, "\(result.errors)")
        struct Likeness: Decodable {
            let psnr: Double?
            let ssim: Double
        }
        let answer = try JSONDecoder().decode([String: Likeness].self, from: Data(result.output))
        let (same, restored) = (try #require(answer["gif"]), try #require(answer["restored"]))
        #expect(same.psnr == nil && same.ssim == 1)
        #expect(try #require(restored.psnr) > 20 && restored.ssim < 1)
        let table = String(decoding: try compare("--rate", "25", "--reference", film).output, as: UTF8.self)
        #expect(table.contains("PSNR") && table.contains(#/GIF +the same +1\.0000/#), "\(table)")
    }

    /// Compares with a film while an `ffmpeg` stands first in PATH that runs a script of Bash where it is asked for VMAF.
    private func measure(vmafBy script: String, _ arguments: String...) throws -> Tool.Result {
        let programs = folder.path("programs")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        let program = "#!/bin/bash\nif [[ $* == *libvmaf* ]]; then\n\(script)\nfi\nPATH=${PATH#*:} exec ffmpeg \"$@\"\n"
        try Data(program.utf8).write(to: URL(fileURLWithPath: "\(programs)/ffmpeg"))
        chmod("\(programs)/ffmpeg", 0o755)
        return try Tool.run(
            Tool.gif2video, ["compare", gif, "--rate", "25", "--reference", try makeFilm()] + arguments,
            environment: ["PATH": "\(programs):\(path)"])
    }

    /// An ffmpeg with libvmaf, one without it, and one that libvmaf ends.
    @Test(arguments: [
        ("echo '[Parsed_libvmaf_5 @ 0x1] VMAF score: 91.250000' >&2; exit", "91.3", nil),
        ("echo \"[AVFilterGraph @ 0x1] No such filter: 'libvmaf'\" >&2; exit 1", "-", "this ffmpeg has no libvmaf"),
        ("kill -SEGV $$", "-", "ffmpeg cannot compare them: signal 11"),
    ])
    func thereIsVMAFOrAWordAboutIt(script: String, figure: String, reason: String?) throws {
        let result = try measure(vmafBy: script)
        #expect(result.status == 0)
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3 && lines.dropFirst().allSatisfy { $0.hasSuffix(" \(figure)") }, "\(lines)")
        #expect(result.errors == (reason.map { "gif2video: VMAF is not measured: \($0)\n" } ?? ""))
    }

    /// An ffmpeg with libvmaf: that of the wheel imageio-ffmpeg, where Training/requirements.txt is installed.
    private static let ffmpegWithVMAF: String? = {
        let found = try? Tool.run(
            "/bin/bash",
            [
                "-c",
                "compgen -G '\(Tool.root.path)/Training/.venv/lib/*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*'",
            ])
        return found.flatMap {
            String(decoding: $0.output, as: UTF8.self).split(separator: "\n").first.map(String.init)
        }
    }()

    @Test(.enabled(if: ffmpegWithVMAF != nil)) func aRealLibvmafMeasures() throws {
        let result = try measure(vmafBy: "exec \(try #require(Self.ffmpegWithVMAF)) \"$@\"", "--json")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        struct Likeness: Decodable {
            let vmaf: Double
        }
        let answer = try JSONDecoder().decode([String: Likeness].self, from: Data(result.output))
        let (same, restored) = (try #require(answer["gif"]), try #require(answer["restored"]))
        #expect(same.vmaf > 80 && same.vmaf <= 100 && restored.vmaf < same.vmaf, "\(answer)")
    }

    @Test func mistakesSayWhatHelps() throws {
        #expect(try compare().errors.contains("a sheet or a video with --output, numbers with --reference"))
        #expect(try compare("-o", "x.jpg").errors.contains("x.jpg: a sheet is a .png file, a video a .mp4"))
        let missing = try compare("--reference", folder.path("none.mp4"))
        #expect(missing.status == 2)
        #expect(missing.errors == "gif2video: \(folder.path("none.mp4")): cannot open: No such file or directory\n")
        let text = try folder.write(Array("no film".utf8), to: "text.mp4")
        let noFilm = try compare("--rate", "25", "--reference", text)
        #expect(noFilm.status == 2 && noFilm.errors.contains("text.mp4: ffmpeg cannot compare them: "))
        #expect(!noFilm.errors.contains("Metadata") && !noFilm.errors.contains("[error]"), "\(noFilm.errors)")
        #expect(try folder.contents == ["in.gif", "text.mp4"])
    }
}
