import Foundation

/// Access to a daemon's folders and jobs. Paths lie in its state folder.
extension DaemonProcess {
    /// Moves a file in, complete; a running daemon may still have to make the folder.
    public func drop(_ bytes: [UInt8], _ name: String) throws {
        let path = "\(state)/\(name)"
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if isRunning { try waitUntil("the folder \(folder)") { FileManager.default.fileExists(atPath: folder) } }
        try Data(bytes).write(to: URL(fileURLWithPath: path + ".part"))
        guard rename(path + ".part", path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    public func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(state)/\(name)")
    }

    /// Pictures of 48 x 32, as of `ExampleGIF`, in a Y4M file.
    /// - Throws: `Unexpected` when the file does not end with a whole picture.
    public func pictures(_ name: String) throws -> Int {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(state)/\(name)"))
        let frame = 48 * 32 * 3 + 6
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), (bytes.count - end - 1) % frame == 0 else {
            throw Unexpected(description: "\(name): \(bytes.count) bytes")
        }
        return (bytes.count - end - 1) / frame
    }

    /// The JSON that a command of `gif2video` prints with `--json`.
    public func json(_ arguments: String...) throws -> [String: Any] { try printed(arguments) }

    /// The same, of one that prints a list.
    public func list(_ arguments: String...) throws -> [[String: Any]] { try printed(arguments) }

    /// Of the jobs, the newest first.
    public func states() throws -> [String] {
        try list("jobs").compactMap { $0["state"] as? String }
    }

    private func printed<T>(_ arguments: [String]) throws -> T {
        let result = try Tool.run(Tool.gif2video, arguments + ["--json"], environment: allEnvironment)
        guard result.status == 0, let value = try JSONSerialization.jsonObject(with: Data(result.output)) as? T else {
            throw Unexpected(
                description:
                    "\(arguments): \(result.status) \(result.errors)\(String(decoding: result.output, as: UTF8.self))")
        }
        return value
    }

    public struct Unexpected: Error, CustomStringConvertible {
        public let description: String
    }
}
