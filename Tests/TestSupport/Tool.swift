public import Foundation

/// Programs that tests compare with, run as child processes.
public enum Tool {
    /// How a program ended.
    public struct Result: Sendable {
        public let status: Int32
        public let output: [UInt8]
        public let errors: String
    }

    /// Runs a program to its end.
    /// - Parameters:
    ///   - path: an absolute path, or a name for `env` to find.
    ///   - input: bytes for its standard input; nil for none.
    ///   - environment: added to this process's.
    public static func run(
        _ path: String, _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path.hasPrefix("/") ? path : "/usr/bin/env")
        process.arguments = path.hasPrefix("/") ? arguments : [path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try TemporaryFolder()
        // Files, not pipes: nothing can block, however much is written.
        let output = try folder.file("stdout")
        let errors = try folder.file("stderr")
        process.standardOutput = output
        process.standardError = errors
        if let input {
            try Data(input).write(to: folder.url.appendingPathComponent("stdin"))
            process.standardInput = try FileHandle(forReadingFrom: folder.url.appendingPathComponent("stdin"))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: [UInt8](try Data(contentsOf: folder.url.appendingPathComponent("stdout"))),
            errors: String(
                decoding: try Data(contentsOf: folder.url.appendingPathComponent("stderr")), as: UTF8.self))
    }

    /// As `run`, for a program that is given by its path, with the most memory that it had at any time, in MiB.
    public static func runWithPeak(
        _ path: String, _ arguments: [String], input: [UInt8]? = nil
    ) throws -> (result: Result, peak: Int) {
        let folder = try TemporaryFolder()
        let script = """
            import resource, subprocess, sys
            status = subprocess.run(sys.argv[2:]).returncode
            open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
            sys.exit(status if status >= 0 else 128 - status)
            """
        let result = try run("/usr/bin/python3", ["-c", script, folder.path("peak"), path] + arguments, input: input)
        let text = String(decoding: try folder.read("peak"), as: UTF8.self)
        guard let peak = Int(text) else { throw CocoaError(.fileReadCorruptFile) }
        return (result, peak)
    }

    /// The program under test, built beside the tests.
    public static var gif2video: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("gif2video").path
    }

    /// The project's root.
    public static var root: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }
}

/// A folder that goes when this object does.
public final class TemporaryFolder: Sendable {
    public let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("gif2video-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of something in it.
    public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Names in it, sorted, hidden ones too.
    public var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }

    /// Writes a file and returns its path.
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    public func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url.appendingPathComponent(name)))
    }

    fileprivate func file(_ name: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path(name), contents: nil)
        return try FileHandle(forWritingTo: url.appendingPathComponent(name))
    }
}
