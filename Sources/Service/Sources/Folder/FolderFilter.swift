import CLinux
import Configuration
import Filesystem

/// Tells which entries of a watched folder belong to its stream. Paths are relative to the folder.
struct FolderFilter {
    let source: FolderSource
    /// nil: the stream makes no files.
    let sink: FileSink?

    /// Whether a folder below the source belongs to it.
    func takes(folder relative: Path) -> Bool {
        let path = source.path.appending(relative)
        if path == source.failed { return false }
        if case .move(let done) = source.finished, path == done { return false }
        if let sink, path == sink.folder { return false }
        return source.recursive && !isExcluded(relative)
    }

    func takes(file relative: Path) -> Bool { matches(source.include, relative) && !isExcluded(relative) }

    private func isExcluded(_ relative: Path) -> Bool { matches(source.exclude, relative) }

    /// Small and capital letters of ASCII are the same: cameras and old disks write `CAT.GIF`, people `Cat.Gif`.
    private func matches(_ patterns: [String], _ relative: Path) -> Bool {
        patterns.contains { pattern in
            let isWhole = pattern.contains("/")
            return (isWhole ? relative : relative.name).withCString {
                clinux_matches(pattern, $0, isWhole ? 1 : 0) != 0
            }
        }
    }
}
