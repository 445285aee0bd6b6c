import Foundation

/// Rows for docs/reliability.md: a fault that a test made, and what came of it. Written down by `make test-faults` alone, which sets
/// GIF2VIDEO_FAULT_POINTS=all; scripts/make-reliability reads them in out/. "2/4" is the second quarter of all, for several
/// processes at a time.
public enum FaultNotes {
    private static let wish = ProcessInfo.processInfo.environment["GIF2VIDEO_FAULT_POINTS"]
    private static let part = wish.map { $0.split(separator: "/").compactMap { Int($0) } } ?? []

    /// Whether every fault is tried and written down.
    public static let isWhole = wish != nil

    /// Whether a fault belongs to this process's part of all.
    public static func includes(_ number: Int) -> Bool {
        part.count != 2 || number % part[1] == part[0] % part[1]
    }

    /// Adds a row to a file of out/. A test calls this at its end, when all was as it should be.
    public static func note(_ columns: String..., in file: String = "conditions.tsv") throws {
        guard isWhole else { return }
        let folder = Tool.root.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Other processes write, too: a row is written at once.
        let descriptor = open(
            folder.appendingPathComponent(file).path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            .write(contentsOf: Data("\(columns.joined(separator: "\t"))\n".utf8))
    }
}
