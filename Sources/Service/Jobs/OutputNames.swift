import Filesystem
import Glibc

/// Names for files in another folder, with the tree above them mirrored.
enum OutputNames {
    /// `folder/sub/cat.gif`, `folder/sub/cat-2.gif` ...
    /// - Parameters:
    ///   - number: 1 for the first.
    ///   - relative: path below the folder that the file comes from.
    ///   - ending: with its dot; nil: the file's own.
    static func name(_ number: Int, for relative: Path, in folder: Path, ending: Path? = nil) -> Path {
        let suffix = number == 1 ? "" : Path(text: "-\(number)") ?? ""
        let name = shortened(relative.name.stem, suffix + (ending ?? relative.ending))
        return folder.appending(relative.folder).appending(name)
    }

    /// Bytes that a name may have.
    static let mostBytes = 255

    /// A name with an ending, without the last characters before that where it would be too long.
    static func shortened(_ stem: Path, _ ending: Path) -> Path {
        guard stem.bytes.count + ending.bytes.count > mostBytes else { return stem + ending }
        var bytes = stem.bytes.prefix(max(1, mostBytes - ending.bytes.count))
        // The name must not end in the middle of a character.
        if bytes.count < stem.bytes.count, stem.bytes[bytes.count] & 0xC0 == 0x80 {
            while let last = bytes.last, bytes.count > 1, last & 0xC0 == 0x80 { bytes.removeLast() }
            if bytes.count > 1 { bytes.removeLast() }
        }
        return (Path(bytes: bytes) ?? stem) + ending
    }

    /// A name in a folder that neither a file nor the text beside it has: `cat.gif`, `cat-2.gif` ...
    static func free(_ relative: Path, in folder: Path) -> Path {
        var number = 1
        while true {
            let path = name(number, for: relative, in: folder)
            if !exists(path) && !exists(path.folder.appending(shortened(path.name, ".txt"))) { return path }
            number += 1
        }
    }

    /// Whether there is an entry of that name, be it a link that leads nowhere.
    static func exists(_ path: Path) -> Bool {
        var status = stat()
        return path.withCString { lstat($0, &status) } == 0
    }
}
