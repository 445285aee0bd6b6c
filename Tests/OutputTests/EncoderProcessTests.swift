import Filesystem
import Foundation
import Glibc
import Media
import TestSupport
import Testing
import Threads

@testable import Output

/// Encoders that fail, hang, or leave others behind.
@Suite struct EncoderProcessTests {
    private let folder: TemporaryFolder

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
    }

    private func writer(
        _ template: EncoderTemplate, stop: StopSignal? = nil, stallLimit: Double? = nil
    ) throws -> VideoFileWriter {
        VideoFileWriter(
            try folder.staged("a.mkv"), template: template, rate: Rational(25), stop: stop, stallLimit: stallLimit)
    }

    private func number(_ name: String) throws -> Int32 {
        try #require(Int32(String(decoding: folder.read(name), as: UTF8.self).trimmingCharacters(in: .newlines)))
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch OutputError.encoder(_, let message) {
            return message
        } catch {
            return "another error: \(error)"
        }
    }

    @Test func theErrorHoldsTheEncodersLastMessages() throws {
        let early = try writer(.bash("echo first >&2; printf 'at \\e[1m last' >&2; exit 3"))
        #expect(
            message {
                try early.write(pictures: 100)
                try early.finish()
            } == "bash: first / at \\x1B[1m last")
        let silent = try writer(.bash("cat > $0; exit 3"))
        try silent.write(pictures: 1)
        #expect(message { try silent.finish() } == "bash: exit status 3")
        let killed = try writer(.bash("cat > $0; kill -9 $$"))
        try killed.write(pictures: 1)
        #expect(message { try killed.finish() } == "bash: signal 9")
    }

    /// More than a pipe holds.
    @Test func anEncoderWithManyMessagesIsNotBlocked() throws {
        let template = EncoderTemplate.bash(
            "for ((i = 0; i < 30000; i++)); do echo line $i >&2; done; cat > $0", verification: .unchecked)
        let writer = try writer(template)
        try writer.write(pictures: 20)
        try writer.finish()
    }

    @Test func anEncoderThatIsMissingIsNamed() throws {
        func message(_ program: String) throws -> String {
            let writer = try writer(EncoderTemplate(command: [program, "{output}"], keepsAlpha: false))
            return self.message { try writer.write(pictures: 1) }
        }
        #expect(
            try message("no-such-encoder")
                == "cannot run no-such-encoder: it is not installed (on Debian: apt-get install no-such-encoder)")
        #expect(try message("/etc/passwd") == "cannot run /etc/passwd: it cannot be executed")
        let script = try folder.write(Array("#!/no/such/shell\n".utf8), to: "script")
        chmod(script, 0o755)
        #expect(try message(script) == "cannot run \(script): No such file or directory")
    }

    // MARK: Its group

    /// A helper in the background keeps standard error open.
    @Test func processesThatAnEncoderStartedEndWithIt() throws {
        let script = "sleep 10000 & echo $! > $1; \(EncoderTemplate.ffmpeg) $0"
        let writer = try writer(.bash(script, folder.path("helper")))
        try writer.write(pictures: 3)
        try writer.finish()
        try waitUntilEnded(try number("helper"))
    }

    /// It has left the group, and still has standard error.
    @Test func aProcessThatLeftTheGroupIsNotWaitedFor() throws {
        let script = "setsid sleep 10000 & echo $! > $1; \(EncoderTemplate.ffmpeg) $0"
        let writer = try writer(.bash(script, folder.path("helper")))
        try writer.write(pictures: 3)
        try writer.finish()
        kill(try number("helper"), SIGKILL)
    }

    /// The shell waits for its own child, which is the one that hangs.
    @Test func aDroppedWriterEndsTheWholeGroup() throws {
        let script = "echo $$ > $1; sleep 10000 & echo $! > $2; wait"
        do {
            let writer = try writer(.bash(script, folder.path("leader"), folder.path("helper")))
            try writer.write(.random(width: 2, height: 2))
            while try !folder.contents.contains("helper") || folder.read("helper").last != 10 { usleep(10_000) }
        }
        try waitUntilEnded(try number("leader"))
        try waitUntilEnded(try number("helper"))
        #expect(try folder.contents == ["helper", "leader"])
    }

    @Test(arguments: [true, false]) func aRaisedSignalEndsTheWholeGroup(isFinishing: Bool) throws {
        let stop = StopSignal()
        let script = (isFinishing ? "cat > $0; " : "") + "echo $$ > $1; sleep 10000 & echo $! > $2; wait"
        let writer = try writer(.bash(script, folder.path("leader"), folder.path("helper")), stop: stop)
        let helper = folder.path("helper")
        let thread = try NamedThread("stops") {
            while (try? Data(contentsOf: URL(fileURLWithPath: helper)))?.last != 10 { usleep(10_000) }
            stop.raise()
        }
        let error = #expect(throws: OutputError.self) {
            try writer.write(pictures: isFinishing ? 1 : 1000)
            try writer.finish()
        }
        thread.join()
        #expect(error == .system(output: folder.path("a.mkv"), call: "write", errno: ECANCELED))
        try waitUntilEnded(try number("leader"))
        try waitUntilEnded(try number("helper"))
    }

    // MARK: Stalls

    @Test func anEncoderThatTakesNothingIsEnded() throws {
        let writer = try writer(.bash("sleep 10000"), stallLimit: 0.5)
        #expect(message { try writer.write(pictures: 1000) } == "bash took no picture for 0.5 s and was ended")
    }

    @Test func anEncoderThatDoesNotEndIsEnded() throws {
        let writer = try writer(.bash("cat > $0; sleep 10000"), stallLimit: 1)
        try writer.write(pictures: 1)
        #expect(message { try writer.finish() } == "bash neither ended nor wrote anything for 1 s and was ended")
    }

    /// In all, longer than the limit.
    @Test func anEncoderThatWritesIsWaitedFor() throws {
        let script = "cat > /dev/null; for ((i = 0; i < 9; i++)); do sleep 0.5; echo >> $0; done"
        let writer = try writer(.bash(script, verification: .unchecked), stallLimit: 4)
        try writer.write(pictures: 1)
        try writer.finish()
    }

    @Test func anEncoderThatClosesItsInputIsEnded() throws {
        let writer = try writer(.bash("exec < /dev/null; sleep 10000"))
        #expect(message { try writer.write(pictures: 1000) } == "bash: signal 9")
    }

    // MARK: Templates and programs

    /// The command runs in a private folder, which holds what it wrote itself.
    @Test func aRelativeProgramIsAMistake() {
        for program in ["./encode.sh", "bin/encode", "../encode"] {
            #expect(
                EncoderTemplate.mistakes(in: [program, "{output}"])
                    == ["\(program) must be an absolute path, or a name: the command runs in a folder of its own"])
        }
        for program in ["encode", "/usr/bin/encode"] {
            #expect(EncoderTemplate.mistakes(in: [program, "{output}"]).isEmpty)
        }
    }

    @Test func programsAreFoundInAbsoluteFoldersOnly() throws {
        let program = try folder.write(Array("#!/bin/sh\n".utf8), to: "encode")
        let name: Path = "encode"
        func find(_ folders: String) throws -> Path { try ProgramSearch.find(name, in: Array(folders.utf8)) }
        let place = folder.url.path
        #expect(throws: ProgramSearch.Failure.notExecutable) { try find(place) }
        chmod(program, 0o755)
        #expect(try "\(find("/no/such:\(place)"))" == program)
        let relative = place.split(separator: "/").map { _ in ".." }.joined(separator: "/") + place
        for folders in ["", ".", ":", "::.:", relative, "\(relative):", "/no/such"] {
            #expect(throws: ProgramSearch.Failure.notInstalled) { try find(folders) }
        }
        #expect(throws: ProgramSearch.Failure.notInstalled) {
            try ProgramSearch.find("../encode", in: Array("\(place)/sub".utf8))
        }
        // A folder of that name is none.
        try FileManager.default.createDirectory(
            atPath: folder.path("other/encode"), withIntermediateDirectories: true)
        #expect(try "\(find("\(place)/other:\(place)"))" == program)
        #expect(try ProgramSearch.find("sh", in: nil).isAbsolute)
    }

    @Test func anEncoderRunsInItsPrivateFolder() throws {
        let writer = try writer(.bash("cat > $0; pwd > $1; ls >> $1", folder.path("seen"), verification: .unchecked))
        try writer.write(pictures: 1)
        try writer.finish()
        let lines = String(decoding: try folder.read("seen"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix(".partial") && lines[1] == "video.mkv", "\(lines)")
    }
}
