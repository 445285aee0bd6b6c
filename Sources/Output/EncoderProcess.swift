import Filesystem
import Glibc
import Threads

/// A child process that eats pictures on its standard input. One thread; `group` may be killed by any.
final class EncoderProcess {
    /// Takes the pictures' bytes.
    let input: ByteSink
    private let child: ChildProcess
    private let folder: Folder
    private let output: String
    private let stallLimit: Double?

    /// Seconds that a child gets to end in after it has closed its input too early.
    private static let farewell = 5.0

    /// Starts a command.
    /// - Parameters:
    ///   - words: the program, an absolute path or a name that is looked up in PATH, and its arguments.
    ///   - folder: the command's working directory, which it writes into.
    ///   - isConfined: whether it runs with fewer rights than this process (`Confinement`).
    ///   - output: the file that the command makes, for messages.
    ///   - stallLimit: seconds without progress after which it is killed; nil: it may take as long as it likes.
    /// - Throws: `OutputError.system` where the system has run out of something, `OutputError.encoder` otherwise.
    init(_ words: [String], folder: Folder, isConfined: Bool, output: String, stallLimit: Double?) throws {
        let child = try ChildProcess(
            words, package: words[0], folder: folder, isConfined: isConfined, pipe: .input, name: output)
        self.child = child
        self.folder = folder
        self.output = output
        self.stallLimit = stallLimit
        let descriptor = child.takeInput()
        input = ByteSink(descriptor: descriptor, name: child.command) {
            switch child.wait(input: descriptor, until: stallLimit.map { Clock.steady + $0 }) {
            case .takesInput: break
            case .hasEnded: throw OutputError.readerGone(child.command)
            case .timeOut: throw Self.stalled(child, output, stallLimit, "took no picture")
            }
        }
    }

    var group: ProcessGroup { child.group }

    private static func stalled(_ child: ChildProcess, _ output: String, _ limit: Double?, _ what: String)
        -> OutputError
    {
        child.group.kill()
        let seconds = limit.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" } ?? ""
        return .encoder(output: output, message: "\(child.command.printable) \(what) for \(seconds) s and was ended")
    }

    /// Runs `body`, which writes to `input`; when the child has gone, says what it said.
    func writing(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch OutputError.readerGone {
            try input.close()
            if child.wait(until: Clock.steady + Self.farewell) == .timeOut { child.group.kill() }
            throw failure(child.end())
        }
    }

    /// Closes the child's input and waits until it has ended.
    /// - Throws: `OutputError.encoder` unless it ended with success.
    func finish() throws {
        try input.close()
        if let stallLimit {
            try waitForEnd(stallLimit)
        } else {
            _ = child.wait()
        }
        let ending = child.end()
        guard ending.status == 0 else { throw failure(ending) }
    }

    /// Waits as long as the files grow.
    private func waitForEnd(_ limit: Double) throws {
        var seen = files()
        var deadline = Clock.steady + limit
        while child.wait(until: min(deadline, Clock.steady + 1)) != .hasEnded {
            let now = files()
            if now != seen {
                seen = now
                deadline = Clock.steady + limit
            } else if Clock.steady >= deadline {
                throw Self.stalled(child, output, limit, "neither ended nor wrote anything")
            }
        }
    }

    /// Tells whether something was written since.
    private func files() -> [Path: [Int]] {
        var files: [Path: [Int]] = [:]
        for name in (try? folder.names()) ?? [] {
            guard let status = try? folder.status(name) else { continue }
            files[name] = [Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
        }
        return files
    }

    private func failure(_ ending: ChildProcess.Ending) -> OutputError {
        let command = child.command.printable
        let isLacking = ending.said.contains { $0.contains("Unknown encoder ") }
        let advice =
            isLacking ? "; this \(command) was built without it, and '\(command) -encoders' lists what it has" : ""
        return .encoder(output: output, message: "\(command): \(ending.message)\(advice)")
    }
}
