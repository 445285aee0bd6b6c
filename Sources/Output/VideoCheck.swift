import Filesystem
import Glibc
import Media
import Threads

/// Looks whether a video is whole, with ffprobe. One thread; its child may be killed by any.
struct VideoCheck {
    let file: StagedFile
    let template: EncoderTemplate
    /// Seconds that ffprobe may take for a small file; nil: the usual.
    let limit: Double?

    private static let usualLimit = 300.0
    /// Bytes a second that ffprobe reads at least.
    private static let slowestRead = 1e6
    /// Containers that know their duration when they are whole, as ffprobe calls them.
    private static let timedContainers: Set = ["mp4", "mov", "matroska", "webm"]

    /// Whether the check can be made: for a clear error before the work.
    /// - Throws: `OutputError.encoder` where ffprobe is missing.
    func prepare() throws {
        guard template.verification != .unchecked else { return }
        do {
            _ = try ChildProcess.find("ffprobe", "ffmpeg", "\(file.path)")
        } catch OutputError.encoder(let output, let message) {
            let key = template.isBuiltIn ? "" : "; the encoder's key verify = \"none\" does without"
            throw OutputError.encoder(output: output, message: "\(message); it checks finished videos\(key)")
        }
    }

    /// - Parameters:
    ///   - pictures: that were written to the encoder.
    ///   - running: is given the check's process, to kill it, and runs its argument.
    /// - Throws: `OutputError.incomplete` where the video is not whole, `OutputError.system`, `OutputError.encoder` where
    ///   ffprobe cannot be run.
    func run(pictures: Int, running: (ProcessGroup, () throws -> Void) throws -> Void) throws {
        try file.requireSize()
        guard template.verification != .unchecked else { return }
        let probe = try ChildProcess(
            [
                "ffprobe", "-v", "level+error", "-protocol_whitelist", "file", "-select_streams", "v:0",
                "-count_packets", "-show_entries", "stream=nb_read_packets:format=format_name,duration", "-of",
                "default=noprint_wrappers=1", "file:\(file.growingName)",
            ], package: "ffmpeg", folder: file.staging, pipe: .output, name: "\(file.path)")
        try running(probe.group) {
            try waitForEnd(probe)
            try judge(probe.end(), pictures)
        }
    }

    private func waitForEnd(_ probe: ChildProcess) throws {
        let size = (try? file.staging.status(file.growingName))?.st_size ?? 0
        let seconds = (limit ?? Self.usualLimit) + Double(size) / Self.slowestRead
        guard probe.wait(until: Clock.steady + seconds) == .timeOut else { return }
        probe.group.kill()
        throw incomplete("ffprobe did not read it in \(Int(seconds)) s")
    }

    private func judge(_ ending: ChildProcess.Ending, _ pictures: Int) throws {
        guard ending.status == 0 else { throw incomplete("ffprobe: \(ending.message)", remedy: .unchecked) }
        let facts = Dictionary(
            ending.output.compactMap { line -> (Substring, Substring)? in
                line.firstIndex(of: "=").map { (line[..<$0], line[line.index(after: $0)...]) }
            }, uniquingKeysWith: { first, _ in first })
        let found = facts["nb_read_packets"].flatMap { Int($0) } ?? 0
        guard found > 0 else { throw incomplete("it holds no picture", remedy: .unchecked) }
        guard template.verification == .pictures else { return }
        guard found == pictures else {
            throw incomplete("it holds \(found) of \(pictures.counted("picture"))", remedy: .opens)
        }
        // A file that is cut short in its last picture says no more than this.
        if let complaint = ending.said.last(where: Self.isAboutTheFile) {
            throw incomplete("ffprobe: \(complaint)", remedy: .opens)
        }
        let names = facts["format_name"]?.split(separator: ",").map(String.init) ?? []
        let duration = facts["duration"].flatMap { Double($0) } ?? 0
        if duration <= 0, !Self.timedContainers.isDisjoint(with: names) {
            throw incomplete("it does not say how long it is: its end was not written", remedy: .opens)
        }
    }

    /// Whether a line is ffprobe's own: those bear their level. Libraries below it say other things there, such as libgcrypt,
    /// which misses locked memory in a service's sandbox.
    private static func isAboutTheFile(_ line: String) -> Bool {
        ["[error]", "[fatal]", "[panic]"].contains { line.contains($0) }
    }

    /// - Parameter remedy: what the key `verify` has to be where the encoder's videos are meant to be so.
    private func incomplete(_ reason: String, remedy: VideoVerification? = nil) -> OutputError {
        let key = remedy.map { "; if that is as the encoder should do it, it needs verify = \"\($0.rawValue)\"" } ?? ""
        return .incomplete(output: "\(file.path)", reason: reason + (template.isBuiltIn ? "" : key))
    }
}
