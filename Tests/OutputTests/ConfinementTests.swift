import Filesystem
import Foundation
import Media
import TestSupport
import Testing

@testable import Output

/// The acts that encoders are refused, and those they are not. Each says `allowed` into its output where it could.
@Suite(.enabled(if: Confinement.gaps.isEmpty, "this kernel cannot confine processes"))
struct ConfinementTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write([1, 2, 3], to: "outside")
    }

    /// The output of an encoder that tries something; `$1` is the folder around it.
    private func output(_ attempt: String, isConfined: Bool = true) throws -> String {
        let file = try folder.staged("a.bin")
        let script = "cat > picture; if ( \(attempt) ) 2> said; then echo allowed > $0; else echo refused > $0; fi"
        let template = EncoderTemplate.bash(
            script, folder.url.path, verification: .unchecked, isConfined: isConfined)
        let writer = VideoFileWriter(file, template: template, rate: Rational(25))
        try writer.write(pictures: 1)
        try writer.finish()
        try file.seal()
        try file.publish()
        return String(decoding: try folder.read("a.bin"), as: UTF8.self)
    }

    @Test(arguments: [
        "echo more >> $1/outside", "truncate -s 0 $1/outside", "touch $1/new", "mkdir $1/new", "rm $1/outside",
        "mv $1/outside $1/new", "ln $1/outside linked", "ln -s /etc $1/new", "mkfifo $1/new",
        "exec 3<> /dev/tcp/127.0.0.1/9", "exec 3<> /dev/udp/127.0.0.1/9",
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX)'",
    ])
    func anEncoderCannot(_ attempt: String) throws {
        #expect(try output(attempt) == "refused\n")
        #expect(try folder.read("outside") == [1, 2, 3])
    }

    @Test(.enabled(if: scopesSignals, "Landlock covers signals from Linux 6.12 on"))
    func anEncoderCannotSignalTheDaemon() throws {
        #expect(try output("kill -0 $PPID") == "refused\n")
    }

    private static let scopesSignals: Bool = {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
        let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 12)
    }()

    @Test(arguments: [
        "mkdir sub && mv picture sub/it && rm sub/it && rmdir sub", "echo gone > /dev/null", "cat $1/outside > copy",
        "mkfifo pipe && ln -s pipe link", "sleep 1000 & kill $!",
    ])
    func anEncoderCan(_ attempt: String) throws {
        #expect(try output(attempt) == "allowed\n")
    }

    /// The tests above see the confinement, and nothing else.
    @Test(arguments: ["echo more >> $1/outside", "kill -0 $PPID", "exec 3<> /dev/udp/127.0.0.1/9"])
    func anUnconfinedOneCan(_ attempt: String) throws {
        #expect(try output(attempt, isConfined: false) == "allowed\n")
    }

    /// The rights are taken from the thread that starts the encoder, and from no other.
    @Test func thisProcessKeepsItsRights() throws {
        _ = try output("true")
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        #expect(descriptor >= 0)
        close(descriptor)
        _ = try folder.write([4], to: "outside")
    }
}
