import Foundation
import Testing

/// A library (Tests/FaultShim) that counts the calls with which a daemon changes the disk below its state folder, and lets one of
/// them go wrong.
public final class FaultShim {
    /// The fate of the call.
    public enum Act: Hashable, Sendable, CustomStringConvertible {
        /// SIGKILL before it.
        case kill
        /// The same, and what was not synced is gone.
        case powerLoss
        /// Half of its bytes are written; a call that writes none is interrupted (EINTR).
        case short
        /// It fails with a value of errno.
        case error(Int32)

        var word: String {
            switch self {
            case .kill: "kill"
            case .powerLoss: "power"
            case .short: "short"
            case .error(let code): "\(code)"
            }
        }

        public var description: String {
            switch self {
            case .kill: "SIGKILL"
            case .powerLoss: "power loss"
            case .short: "half written"
            case .error(let code): String(cString: strerror(code))
            }
        }
    }

    /// One call, as the library wrote it down.
    public struct Call: Hashable, Sendable {
        /// From 1.
        public let number: Int
        /// Its kind: "write", "rename", "sync" ...
        public let name: String
        /// Below the state folder of the daemon.
        public let path: String
    }

    private let folder: TemporaryFolder
    private let library: String

    /// Compiles the library.
    public init() throws {
        folder = try TemporaryFolder()
        library = folder.path("faults.so")
        let source = Tool.root.appendingPathComponent("Tests/FaultShim/faults.c").path
        let made = try Tool.run(
            "cc", ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-O2", source, "-o", library])
        try #require(made.status == 0, "\(made.errors)")
    }

    /// The environment in which a daemon's calls are counted.
    /// - Parameter number: of the call that goes wrong, from 1; 0: none does.
    public func environment(of daemon: DaemonProcess, _ act: Act, at number: Int) -> [String: String] {
        [
            "LD_PRELOAD": library, "FAULT_PROGRAM": "gif2videod", "FAULT_ROOT": daemon.state,
            "FAULT_LOG": daemon.folder.path("calls"), "FAULT_AT": "\(number)", "FAULT_ACT": act.word,
            "SWIFT_BACKTRACE": "enable=no",
        ]
    }

    /// The calls of a daemon that ran in that environment.
    public func calls(of daemon: DaemonProcess) throws -> [Call] {
        let text = try String(contentsOfFile: daemon.folder.path("calls"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, let number = Int(words[0]) else { return nil }
            return Call(number: number, name: String(words[1]), path: String(words[2].dropFirst()))
        }
    }
}
