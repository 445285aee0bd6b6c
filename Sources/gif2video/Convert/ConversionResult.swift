import ArgumentParser
import Filesystem
import Media

/// The end of one GIF of `convert`, as `--json` prints it.
struct ConversionResult: Encodable {
    enum Status: String, Encodable {
        case done, damaged, failed, skipped
    }

    /// Place in the list of all GIFs, from 0.
    var index = 0
    let input: Path
    let output: Path
    var status = Status.done
    /// The exit status of this GIF alone.
    var exit: Int32 = 0
    var frames = 0
    var pictures = 0
    /// Of video.
    var seconds = 0.0
    /// Seconds that it took.
    var elapsed = 0.0
    var error: String?

    init(_ job: Conversion) {
        input = job.input.exactName
        output = job.output
    }

    mutating func fail(_ status: Status, _ code: ExitCode, _ message: String) {
        self.status = status
        exit = code.rawValue
        error = message
    }

    /// "cat.gif -> cat.mp4: 31 frames, 93 pictures, 3.10 s of video in 1.72 s (1.80 times real time)"
    var line: String {
        guard status != .skipped else { return "\(input) -> \(output): there already, skipped" }
        return "\(input) -> \(output): \(frames.counted("frame")), "
            + Progress.summary(pictures: pictures, seconds: seconds, elapsed: elapsed)
    }

    /// "12 GIFs: 10 done, 1 damaged, 1 failed; 512 pictures, 3.10 s of video in 1.72 s (1.80 times real time)"
    static func summary(_ results: [Self], _ progress: Progress) -> String {
        let counts = [Status.done, .damaged, .failed, .skipped].compactMap { status in
            let count = results.count { $0.status == status }
            return count > 0 ? "\(count) \(status.rawValue)" : nil
        }
        return "\(results.count.counted("GIF")): \(counts.joined(separator: ", ")); \(progress.summary)"
    }
}
