import Filesystem
import Glibc
import Output

/// Moves a dropped GIF to its last place.
struct FileMover {
    /// The entry that is moved, and the version that it must be.
    let name: Path
    let folder: Folder
    let version: Fingerprint

    /// Another file has taken the name.
    struct Exchanged: Error, CustomStringConvertible {
        let path: Path
        var description: String { "\(path): another file has taken its place" }
    }

    /// A file's name in the private folder in which it is removed.
    static let removedName: Path = "original"

    /// Removes the file: takes it out of reach first, as others may exchange it between a look at it and its end.
    /// - Parameter stagingName: of the private folder for that.
    /// - Throws: `SystemError`; `Exchanged`.
    func remove(stagingName: Path) throws {
        let (place, placeName) = try PrivateFolder.make(stagingName, in: folder)
        defer { PrivateFolder.remove(placeName, in: folder) }
        try move(to: place, Self.removedName, stagingName: stagingName)
    }

    /// Moves the file to a name that is free, also to another file system; both folders are on disk afterwards.
    /// - Parameter stagingName: of the private folder in which a copy grows, where the file has to be copied.
    /// - Throws: `SystemError`, EEXIST where the name is taken; `Exchanged`.
    func move(to target: Folder, _ newName: Path, stagingName: Path) throws {
        do {
            try folder.move(name, to: target, newName)
            // Between a look at the entry and its move another file may have got its name.
            guard (try? Fingerprint.of(newName, in: target))?.hasSameContent(as: version) == true else {
                do {
                    try target.move(newName, to: folder, name)
                } catch {
                    Log.error(
                        "\(folder.path.appending(name)) was exchanged; it lies in \(target.path.appending(newName)) now"
                    )
                }
                throw Exchanged(path: folder.path.appending(name))
            }
        } catch let error as SystemError where error.code == EXDEV {
            try copy(to: target, newName, stagingName)
            try folder.remove(name)
        }
        try? target.sync()
        try? folder.sync()
    }

    private func copy(to target: Folder, _ newName: Path, _ stagingName: Path) throws {
        let source = try folder.open(name, O_RDONLY | O_NONBLOCK)
        defer { close(source) }
        guard Fingerprint.of(descriptor: source)?.hasSameContent(as: version) == true else {
            throw Exchanged(path: folder.path.appending(name))
        }
        let file = try StagedFile(in: target, name: newName, stagingName: stagingName)
        let sink = ByteSink(descriptor: try file.create(), name: "\(file.path)", closes: true)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(path: folder.path.appending(name), code: errno) }
            if count == 0 { break }
            try buffer.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[0..<count])) }
        }
        try sink.close()
        try file.seal()
        try file.publish(replacing: .none)
    }
}
