import CLinux
import Filesystem
import Glibc
import Threads

/// A child process that eats pictures on its standard input.
///
/// `input` is used by one thread; `finish` blocks until the child has ended. A thread of its own reads the child's
/// standard error all along (so that the child never waits for it); the last lines become the error message. A child
/// that is not finished is killed. Plain posix_spawn(3): everything that waits here is a thread that may wait, and
/// asynchronous libraries wait on Swift's cooperative pool, which may be waiting for us.
final class EncoderProcess {
    let input: ByteSink
    private let command: String
    private let output: String
    private let errors: ErrorReader
    let child: Child

    /// Lines of the child's standard error that are kept.
    private static let lineLimit = 4

    /// Starts `command`, found in PATH, with the arguments; no shell is involved.
    /// - Parameters:
    ///   - folder: the command's working directory.
    ///   - output: what the command makes, for messages.
    /// - Throws: `OutputError.encoder` when it cannot be started.
    init(_ command: String, arguments: [String], folder: Folder, output: String) throws {
        let input = try Self.pipe(output)
        let errors: (reading: Int32, writing: Int32)
        do {
            errors = try Self.pipe(output)
        } catch {
            close(input.reading)
            close(input.writing)
            throw error
        }
        let (status, process) = Self.spawn(
            command, arguments, folder: folder, input: input.reading, errors: errors.writing)
        close(input.reading)
        close(errors.writing)
        guard status == 0 else {
            close(input.writing)
            close(errors.reading)
            let reason =
                status == ENOENT
                ? "it is not installed (on Debian: apt-get install \(command))" : String(cString: strerror(status))
            throw OutputError.encoder(output: output, message: "cannot run \(command): \(reason)")
        }
        self.command = command
        self.output = output
        child = Child(process)
        self.input = ByteSink(descriptor: input.writing, name: command, closes: true)
        self.errors = try ErrorReader(errors.reading, lineLimit: Self.lineLimit)
    }

    deinit {
        child.kill()
        _ = child.wait()
    }

    /// Runs `body`, which writes to `input`; when the child has gone, says what it said.
    func writing(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch OutputError.readerGone {
            try input.close()
            throw OutputError.encoder(output: output, message: waitForEnd().message)
        }
    }

    /// Closes the child's input and waits until it has ended.
    /// - Throws: `OutputError.encoder` unless it ended with success.
    func finish() throws {
        try input.close()
        let ended = waitForEnd()
        guard ended.succeeded else { throw OutputError.encoder(output: output, message: ended.message) }
    }

    private func waitForEnd() -> (succeeded: Bool, message: String) {
        guard let status = child.wait() else { return (false, "\(command) has ended before") }
        let said = errors.waitForLines()
        // As WIFEXITED and WEXITSTATUS say it.
        let ending = status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
        return (status == 0, said.isEmpty ? "\(command): \(ending)" : "\(command): \(said.joined(separator: " / "))")
    }

    /// A child that any thread may kill, while one thread waits for it.
    final class Child: Sendable {
        /// nil from the moment its number may be another process's.
        private let process: Monitor<pid_t?>

        init(_ process: pid_t) {
            self.process = Monitor(process)
        }

        /// Kills it, unless it was waited for.
        func kill() {
            process.withLock { process in
                if let process { Glibc.kill(process, SIGKILL) }
            }
        }

        /// Waits for its end; nil when that was done before.
        /// - Returns: the status as waitpid(2) gives it.
        func wait() -> Int32? {
            guard let number = process.withLock({ $0 }) else { return nil }
            var about = siginfo_t()
            // First without taking its number away, as that blocks.
            while waitid(P_PID, id_t(number), &about, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
            return process.withLock { process in
                var status: Int32 = 0
                while waitpid(number, &status, 0) < 0 && errno == EINTR {}
                process = nil
                return status
            }
        }
    }

    private static func pipe(_ output: String) throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw OutputError.system(output: output, call: "pipe", errno: errno) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ command: String, _ arguments: [String], folder: Folder, input: Int32, errors: Int32
    ) -> (status: Int32, process: pid_t) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        clinux_spawn_in(&actions, folder.descriptor)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // The child gets back what this process ignores.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var restored = sigset_t()
        sigemptyset(&restored)
        for number in [SIGPIPE, SIGIO] { sigaddset(&restored, number) }
        posix_spawnattr_setsigdefault(&attributes, &restored)
        // What a daemon holds back for itself the child gets.
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        posix_spawnattr_setsigmask(&attributes, &unblocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([command] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let status = posix_spawnp(&process, command, &actions, &attributes, &words, environ)
        return (status, process)
    }

    /// Reads a pipe to its end on a thread of its own and keeps the last lines.
    private final class ErrorReader: Sendable {
        private let lines = Monitor<[String]>([])
        private let thread: NamedThread

        /// - Parameter descriptor: closed at its end.
        init(_ descriptor: Int32, lineLimit: Int) throws {
            thread = try NamedThread("encoder-errors") { [lines] in
                var rest: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { break }
                    // A line without end does not grow for ever.
                    rest = (rest + buffer[0..<count]).suffix(1 << 16)
                    var pieces = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                    rest = pieces.popLast().map(Array.init) ?? []
                    let complete = pieces.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
                    lines.update { $0 = ($0 + complete).suffix(lineLimit) }
                }
                if !rest.isEmpty {
                    lines.update { $0 = ($0 + [String(decoding: rest, as: UTF8.self)]).suffix(lineLimit) }
                }
                close(descriptor)
            }
        }

        /// The last lines, after the end.
        func waitForLines() -> [String] {
            thread.join()
            return lines.withLock { $0 }
        }
    }
}
