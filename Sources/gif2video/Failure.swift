import ArgumentParser
import CLinux
import Filesystem
import GIFDecoding
import Glibc
import Output
import Restoration

/// How the program ends when it cannot go on: one line on standard error and an exit status.
enum Failure {
    /// A GIF is damaged or none.
    static let badInput = ExitCode(1)
    /// Output, models, or the system.
    static let other = ExitCode(2)

    /// The command line asks for something that cannot be.
    static let usage = ExitCode.validationFailure

    /// Writes "gif2video: message" to standard error, without characters that control the terminal.
    static func say(_ message: String) {
        Terminal.write("gif2video: \(message.printable)\n")
    }

    /// Says what went wrong and returns the status to end with.
    static func report(_ error: any Error) -> ExitCode {
        if let code = error as? ExitCode { return code }
        say("\(error)")
        return status(of: error)
    }

    /// The status to end with.
    static func status(of error: any Error) -> ExitCode {
        error is GIFDecodingError || error is CanvasTooLarge ? badInput : other
    }

    /// Runs a command's work, turning its errors into messages and statuses.
    static func handling(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch OutputError.readerGone {
            endQuietly()
        } catch {
            throw report(error)
        }
    }

    /// Does `body` for every item, whatever becomes of the others.
    /// - Throws: the highest of their statuses.
    static func handlingEach<Item>(_ items: [Item], _ body: (Item) throws -> Void) throws {
        var worst: ExitCode?
        for item in items {
            do {
                try body(item)
            } catch {
                let code = report(error)
                if code.rawValue > worst?.rawValue ?? 0 { worst = code }
            }
        }
        if let worst { throw worst }
    }

    /// Ends as a program does whose reader went away: by SIGPIPE, without a word.
    static func endQuietly() -> Never {
        clinux_raise_default(SIGPIPE)
        Glibc.exit(128 + SIGPIPE)
    }
}
