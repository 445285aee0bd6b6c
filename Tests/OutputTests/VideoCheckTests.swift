import Glibc
import Media
import TestSupport
import Testing

@testable import Output

/// Encoders that end with success, and have not made what they should have.
@Suite struct VideoCheckTests {
    private let folder: TemporaryFolder

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
    }

    /// Writes ten pictures through an encoder.
    /// - Returns: what is wrong with the video; nil where it passed.
    private func reason(_ template: EncoderTemplate, ending: String = "mkv") throws -> String? {
        defer { #expect((try? folder.contents) == [], "a private folder was left behind") }
        let writer = VideoFileWriter(try folder.staged("a.\(ending)"), template: template, rate: Rational(25))
        do {
            try writer.write(pictures: 10)
            try writer.finish()
            return nil
        } catch OutputError.incomplete(folder.path("a.\(ending)"), let reason) {
            return reason
        }
    }

    @Test(arguments: ["mp4", "mkv", "webm", "avi", "gif", "h264"])
    func aWholeVideoPasses(ending: String) throws {
        #expect(try reason(.bash("\(EncoderTemplate.ffmpeg) $0"), ending: ending) == nil)
    }

    @Test(arguments: ["mp4", "mkv", "webm"], [10, 300, 3000])
    func aVideoThatIsCutShortIsRefused(ending: String, bytes: Int) throws {
        let options = ending == "mp4" ? "-movflags +faststart" : ""
        let script = "\(EncoderTemplate.ffmpeg) \(options) $0 && truncate -s -\(bytes) $0"
        #expect(try reason(.bash(script), ending: ending) != nil)
    }

    /// In an MP4 without +faststart the index stands at the end.
    @Test func anMP4WithoutItsIndexIsRefused() throws {
        let complaint = try reason(.bash("\(EncoderTemplate.ffmpeg) $0 && truncate -s -300 $0"), ending: "mp4")
        #expect(complaint?.hasPrefix("ffprobe: ") == true, "\(complaint ?? "passed")")
    }

    /// ffmpeg writes the duration of a Matroska file when all else is written.
    @Test(arguments: ["matroska", "webm"]) func aMatroskaFileWithoutItsEndIsRefused(format: String) throws {
        let codec = format == "webm" ? "-c:v libvpx-vp9" : "-c:v libx264"
        let script = "\(EncoderTemplate.ffmpeg) \(codec) -f \(format) - | cat > $0"
        #expect(
            try reason(.bash(script), ending: "mkv")
                == "it does not say how long it is: its end was not written; "
                + "if that is as the encoder should do it, it needs verify = \"opens\"")
        #expect(try reason(.bash(script, verification: .opens), ending: "mkv") == nil)
    }

    @Test func aVideoWithTooFewPicturesIsRefused() throws {
        let script = "\(EncoderTemplate.ffmpeg) -frames:v 7 $0; cat > /dev/null"
        #expect(
            try reason(.bash(script))
                == "it holds 7 of 10 pictures; if that is as the encoder should do it, it needs verify = \"opens\"")
        #expect(try reason(.bash(script, verification: .opens)) == nil)
    }

    @Test func rubbishIsRefused() throws {
        let script = "cat > /dev/null; for ((i = 0; i < 5000; i++)); do echo rubbish; done > $0"
        for verification in [VideoVerification.pictures, .opens] {
            #expect(try reason(.bash(script, verification: verification)) != nil)
        }
        #expect(try reason(.bash(script, verification: .unchecked)) == nil)
    }

    @Test(arguments: VideoVerification.allCases)
    func aMissingOrEmptyOutputIsRefused(verification: VideoVerification) throws {
        func reason(_ script: String) throws -> String? {
            try self.reason(.bash("cat > /dev/null; \(script)", verification: verification))
        }
        #expect(try reason("true") == "video.mkv, which was to be written, is missing")
        #expect(
            try reason("echo > other.mkv") == "video.mkv, which was to be written, is missing; there is other.mkv")
        #expect(try reason(": > $0") == "the file is empty")
        #expect(try reason("mkdir $0") == "video.mkv is no regular file")
        #expect(try reason("mkfifo $0") == "video.mkv is no regular file")
        #expect(try reason("ln -s /etc/passwd $0") == "video.mkv is no regular file")
    }

    /// Messages about built-in encoders name no key, as the configuration cannot change them.
    @Test func onlyEncodersOfTheConfigurationHaveKeys() {
        #expect(VideoContainer.mp4.template(keepsAlpha: false).isBuiltIn)
        #expect(VideoContainer.webm.template(keepsAlpha: true).isBuiltIn)
        #expect(!EncoderTemplate.bash("cat > $0").isBuiltIn)
    }
}
