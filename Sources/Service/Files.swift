import CLinux
import Glibc
import Output

/// Paths and folders.
enum Files {
    /// A failed system call on a path.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// What lies in a folder.
    struct Entry {
        enum Kind {
            case file, folder, other
        }

        let name: String
        let kind: Kind
        let fingerprint: Fingerprint
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String($0 == path.startIndex ? "/" : path[..<$0]) } ?? "."
    }

    /// A name without its extension, and the extension with its dot, or empty.
    static func split(_ name: String) -> (stem: String, ending: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }

    /// Names for a file in another folder, the tree above it mirrored: `folder/sub/cat.gif`, `folder/sub/cat-2.gif` ...
    /// - Parameters:
    ///   - number: 1 for the first.
    ///   - relative: path below the folder that it comes from.
    ///   - ending: with its dot; nil: the file's own.
    static func name(_ number: Int, for relative: String, in folder: String, ending: String? = nil) -> String {
        let (stem, own) = split(name(of: relative))
        let below = self.folder(of: relative)
        let place = below == "." ? folder : "\(folder)/\(below)"
        return "\(place)/\(stem)\(number == 1 ? "" : "-\(number)")\(ending ?? own)"
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Entries of a folder, without `.` and `..`; names that are no UTF-8 are left out.
    static func entries(of folder: String) throws -> [Entry] {
        guard let stream = opendir(folder) else { throw Failure(path: folder, code: errno) }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0)))
                }
            }
            let name = String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard name != "." && name != ".." else { continue }
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
            let kind: Entry.Kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG: .file
                case S_IFDIR: .folder
                default: .other
                }
            entries.append(Entry(name: name, kind: kind, fingerprint: Fingerprint(status)))
        }
        return entries
    }

    /// Makes a folder and those above it.
    /// - Throws: `Failure`.
    static func makeFolder(_ path: String, mode: UInt32 = 0o777) throws {
        if mkdir(path, mode) == 0 || (errno == EEXIST && isFolder(path)) { return }
        guard errno == ENOENT, path != "/", path != "." else { throw Failure(path: path, code: errno) }
        try makeFolder(folder(of: path), mode: mode)
        guard mkdir(path, mode) == 0 || (errno == EEXIST && isFolder(path)) else {
            throw Failure(path: path, code: errno)
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Moves a file to a name that is free, also to another file system; both folders are on disk afterwards.
    /// - Parameter partial: where its copy grows, where it has to be copied.
    /// - Throws: `Failure`; EEXIST where the name is taken.
    static func move(_ from: String, to: String, partial: String) throws {
        if clinux_rename_new(from, to) != 0 {
            guard errno == EXDEV else { throw Failure(path: to, code: errno) }
            defer { unlink(partial) }
            try copy(from, to: partial)
            guard clinux_rename_new(partial, to) == 0 else { throw Failure(path: to, code: errno) }
            guard unlink(from) == 0 else { throw Failure(path: from, code: errno) }
        }
        try? AtomicFile.sync(folder(of: to), output: to)
        try? AtomicFile.sync(folder(of: from), output: from)
    }

    private static func copy(_ from: String, to: String) throws {
        let source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard source >= 0 else { throw Failure(path: from, code: errno) }
        defer { close(source) }
        let target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard target >= 0 else { throw Failure(path: to, code: errno) }
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count >= 0 else { throw Failure(path: from, code: errno) }
            if count == 0 { break }
            var done = 0
            while done < count {
                let written = buffer.withUnsafeBytes { write(target, $0.baseAddress.map { $0 + done }, count - done) }
                guard written > 0 else { throw Failure(path: to, code: errno) }
                done += written
            }
        }
        guard fsync(target) == 0 else { throw Failure(path: to, code: errno) }
    }
}
