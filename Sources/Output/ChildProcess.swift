import CLinux
import Filesystem
import Glibc
import Threads

/// A program that runs for us: we may write to its standard input, and read what it says. One thread, which drains the
/// child's pipes whenever it waits; only `group` may be used by others. A child that was not waited for is killed at the end
/// of this object.
final class ChildProcess {
    /// The program's name, for messages.
    let command: String
    let group: ProcessGroup
    private let input: OpenDescriptor?
    private let errors: PipeTail
    private let output: PipeTail?

    /// The event that ended `wait`.
    enum Happening {
        /// Its input takes bytes, or its reader has gone.
        case takesInput
        case hasEnded
        case timeOut
    }

    /// How a child has ended.
    struct Ending {
        /// As waitpid(2) gives it.
        let status: Int32
        /// The last lines of its standard error.
        let said: [String]
        /// The end of its standard output, where that was wanted.
        let output: [String]
    }

    /// Lines of the child's standard error that are kept.
    private static let lineLimit = 4
    /// Seconds that others may keep a child's pipes open after its end: processes that have left its group.
    private static let patience = 2.0

    /// The standard descriptor that is a pipe to this process.
    enum Pipe {
        /// See `takeInput`.
        case input
        case output
    }

    /// Starts a program.
    /// - Parameters:
    ///   - words: the program, an absolute path or a name that is looked up in PATH, and its arguments.
    ///   - package: of Debian, that the program is in.
    ///   - folder: its working directory.
    ///   - isConfined: whether it runs with fewer rights than this process (`Confinement`).
    ///   - name: of the output that the work is for, for messages.
    /// - Throws: `OutputError.system` where the system has run out of something, `OutputError.encoder` otherwise.
    init(
        _ words: [String], package: String, folder: Folder, isConfined: Bool = true, pipe: Pipe, name: String
    ) throws {
        let command = words[0]
        let program = try Self.find(command, package, name)
        let input = pipe == .input ? try Self.pipe(name) : nil
        let output = pipe == .output ? try Self.pipe(name) : nil
        let errors = try Self.pipe(name)
        for end in [input?.writing, output?.reading, errors.reading] {
            guard let end, clinux_set_nonblocking(end.number) != 0 else { continue }
            throw OutputError.system(output: name, call: "fcntl", errno: errno)
        }
        do {
            group = try UnfinishedOutputs.start {
                let spawn = ProcessSpawn(
                    program: program, words: words, folder: folder, input: input?.reading.number,
                    output: output?.writing.number, errors: errors.writing.number,
                    isConfined: isConfined)
                return ProcessGroup(try spawn.run())
            }
        } catch let failure as ProcessSpawn.Failure {
            if SystemError.isExhaustion(ofStarting: failure.code) {
                throw OutputError.system(output: name, call: "posix_spawn", errno: failure.code)
            }
            throw Self.cannotRun(command, String(cString: strerror(failure.code)), name)
        }
        self.command = command
        self.input = input?.writing
        self.output = (output?.reading).map { PipeTail($0) }
        self.errors = PipeTail(errors.reading)
    }

    deinit {
        group.kill()
        _ = group.end()
        UnfinishedOutputs.forget(group)
    }

    /// Whether a program can be found.
    /// - Throws: `OutputError.encoder`.
    static func find(_ command: String, _ package: String, _ name: String) throws -> Path {
        do throws(ProgramSearch.Failure) {
            guard let path = Path(text: command) else { throw .notInstalled }
            return try ProgramSearch.find(path)
        } catch {
            switch error {
            case .notInstalled:
                throw cannotRun(command, "it is not installed (on Debian: apt-get install \(package))", name)
            case .notExecutable: throw cannotRun(command, "it cannot be executed", name)
            }
        }
    }

    private static func cannotRun(_ command: String, _ reason: String, _ name: String) -> OutputError {
        .encoder(output: name, message: "cannot run \(command.printable): \(reason)")
    }

    private static func pipe(_ name: String) throws -> (reading: OpenDescriptor, writing: OpenDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw OutputError.system(output: name, call: "pipe", errno: errno) }
        return (OpenDescriptor(ends[0]), OpenDescriptor(ends[1]))
    }

    /// The writing end of the child's standard input, nonblocking, for the caller to write to and close. Once.
    func takeInput() -> Int32 {
        guard let input else { preconditionFailure("a child with an input") }
        return input.release()
    }

    /// Waits until the child has ended, or takes input.
    /// - Parameters:
    ///   - input: its standard input; nil: only for the end.
    ///   - deadline: of the steady clock; nil: for ever.
    func wait(input: Int32? = nil, until deadline: Double? = nil) -> Happening {
        while true {
            if group.hasEnded { return .hasEnded }
            let left = deadline.map { $0 - Clock.steady }
            if let left, left <= 0 { return .timeOut }
            var entries = [
                pollfd(fd: input ?? -1, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: group.exitDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output?.number ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            poll(&entries, nfds_t(entries.count), milliseconds(left))
            errors.read()
            output?.read()
            if entries[0].revents != 0 && !group.hasEnded { return .takesInput }
        }
    }

    private func milliseconds(_ left: Double?) -> Int32 {
        // Without its descriptor the end is looked for now and then.
        let longest = group.exitDescriptor < 0 ? 50 : left == nil ? -1 : 1_000_000_000
        guard let left else { return Int32(longest) }
        return Int32(min((left * 1000).rounded(.up), Double(longest)))
    }

    /// Waits for the child's end, ends what is left of its group, and reads what it said last. Once.
    func end() -> Ending {
        let status = group.end() ?? 0
        UnfinishedOutputs.forget(group)
        let deadline = Clock.steady + Self.patience
        errors.readToEnd(until: deadline, now: { Clock.steady })
        output?.readToEnd(until: deadline, now: { Clock.steady })
        return Ending(status: status, said: errors.lines.suffix(Self.lineLimit), output: output?.lines ?? [])
    }
}

extension ChildProcess.Ending {
    /// The child's last words, or else how it ended.
    var message: String {
        // As WIFEXITED and WEXITSTATUS say it.
        let ending = status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
        return said.isEmpty ? ending : said.joined(separator: " / ")
    }
}
