import Glibc
import Subprocess
import SystemPackage
import Threads

/// A child process that eats pictures on its standard input.
///
/// `input` is used by one thread; `finish` blocks until the child has ended. The child's standard error is
/// read all along (so that it never blocks) and its last lines become the error message.
final class EncoderProcess {
    let input: ByteSink
    private let output: String
    private let ending = Monitor<Ending?>(nil)
    /// Children are looked after here, as the threads that wait for them may be all that Swift's pool has.
    private static let executor = ThreadExecutor("children")

    private struct Ending: Sendable {
        let succeeded: Bool
        let message: String
    }

    /// Starts `command` with the arguments; no shell is involved.
    /// - Parameter output: what the command makes, for messages.
    /// - Throws: `OutputError.system` when no pipe can be had. A command that does not exist shows in `write` and `finish`.
    init(_ command: String, arguments: [String], output: String) throws {
        self.output = output
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw OutputError.system(output: output, call: "pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        input = ByteSink(descriptor: ends[1], name: command, closes: true)
        let reading = FileDescriptor(rawValue: ends[0])
        let ending = ending
        Task.detached(executorPreference: Self.executor) {
            let result = await EncoderProcess.run(command, arguments, reading)
            ending.update { $0 = result }
        }
    }

    private static func run(_ command: String, _ arguments: [String], _ input: FileDescriptor) async -> Ending {
        do {
            let result = try await Subprocess.run(
                .name(command), arguments: Arguments(arguments),
                input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .discarded, error: .sequence
            ) { execution in
                var last: [String] = []
                for try await line in execution.standardError.strings() {
                    last = (last + [line]).suffix(4)
                }
                return last.joined(separator: " / ")
            }
            let message = result.closureResult.isEmpty ? "\(result.terminationStatus)" : result.closureResult
            return Ending(succeeded: result.terminationStatus.isSuccess, message: "\(command): \(message)")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return Ending(succeeded: false, message: "\(command) is not installed (apt-get install \(command))")
        } catch {
            return Ending(succeeded: false, message: "\(command): \(error)")
        }
    }

    /// Writes to the child; when it has gone, says what it said.
    func write(_ body: (ByteSink) throws -> Void) throws {
        do {
            try body(input)
        } catch OutputError.readerGone {
            let ended = waitForEnd()
            throw OutputError.encoder(output: output, message: ended.message)
        }
    }

    /// Closes the child's input and waits until it has ended.
    /// - Throws: `OutputError.encoder` unless it ended with success.
    func finish() throws {
        try input.close()
        let ended = waitForEnd()
        guard ended.succeeded else { throw OutputError.encoder(output: output, message: ended.message) }
    }

    private func waitForEnd() -> Ending {
        ending.whenever({ $0 != nil }) { ended in
            ended ?? Ending(succeeded: false, message: "no ending")
        }
    }
}
