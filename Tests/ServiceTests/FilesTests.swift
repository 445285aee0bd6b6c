import CLinux
import Control
import Filesystem
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct FilesTests {
    private func version(_ folder: TemporaryFolder, _ name: Path) throws -> (Folder, Fingerprint) {
        let opened = try Folder(#require(Path(text: folder.url.path)))
        return (opened, try #require(try Fingerprint.of(name, in: opened)))
    }

    @Test func movingDoesNotOverwrite() throws {
        let folder = try TemporaryFolder()
        for (name, byte) in [("a", 1), ("b", 2)] { _ = try folder.write([UInt8(byte)], to: name) }
        let (opened, version) = try version(folder, "a")
        let mover = FileMover(name: "a", folder: opened, version: version)
        #expect(throws: SystemError(path: opened.path.appending("b"), code: EEXIST)) {
            try mover.move(to: opened, "b", stagingName: "p")
        }
        #expect(try folder.read("b") == [2])
        try mover.move(to: opened, "c", stagingName: "p")
        #expect(try folder.contents == ["b", "c"])
    }

    /// From one file system to another, as far as this machine has two.
    @Test(.enabled(if: access("/dev/shm", W_OK) == 0)) func movingCrossesFileSystems() throws {
        let folder = try TemporaryFolder()
        let name = try #require(Path(text: "gif2video-\(getpid())"))
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "/dev/shm/\(name)"))
        let memory = try Folder("/dev/shm")
        let version = try #require(try Fingerprint.of(name, in: memory))
        let target = try Folder(#require(Path(text: folder.url.path)))
        _ = try folder.write([7], to: "taken")
        let mover = FileMover(name: name, folder: memory, version: version)
        #expect(throws: SystemError.self) { try mover.move(to: target, "taken", stagingName: "p") }
        try mover.move(to: target, "moved", stagingName: "p")
        #expect(try folder.read("moved") == [1, 2, 3] && folder.read("taken") == [7])
        #expect(try folder.contents == ["moved", "taken"] && memory.status(name) == nil)
    }

    /// A user who may write into the folder exchanges the file between the look at it and its move.
    @Test func anExchangedFileIsNotMoved() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([1], to: "a")
        let (opened, version) = try version(folder, "a")
        unlink(folder.path("a"))
        _ = try folder.write([1, 2, 3], to: "a")
        #expect(throws: FileMover.Exchanged.self) {
            try FileMover(name: "a", folder: opened, version: version).move(to: opened, "b", stagingName: "p")
        }
        #expect(try folder.contents == ["a"])
    }

    @Test func aFreeNameBelongsToNoFileAndNoText() throws {
        let folder = try TemporaryFolder()
        #expect(OutputNames.free("sub/x.gif", in: "/nowhere") == "/nowhere/sub/x.gif")
        _ = try folder.write([], to: "x.gif")
        _ = try folder.write([], to: "x-2.gif.txt")
        let place = try #require(Path(text: folder.url.path))
        #expect(OutputNames.free("x.gif", in: place) == place.appending("x-3.gif"))
    }

    @Test func outputNamesMirrorTheTreeByBytes() throws {
        #expect(
            OutputNames.name(1, for: "j\u{FC}rgen/cat.gif", in: "/out", ending: ".mp4") == "/out/j\u{FC}rgen/cat.mp4")
        #expect(OutputNames.name(2, for: "a/\u{301}b.gif", in: "/out", ending: ".mp4") == "/out/a/\u{301}b-2.mp4")
        let latin1 = try #require(Path(bytes: [0xE9] + Array(".gif".utf8)))
        #expect(
            OutputNames.name(1, for: latin1, in: "/out", ending: ".mp4").bytes == Array("/out/".utf8) + [0xE9]
                + Array(".mp4".utf8))
    }

    @Test func onlyRegularFilesHaveAVersion() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([1, 2], to: "file")
        symlink(folder.path("file"), folder.path("link"))
        let opened = try Folder(#require(Path(text: folder.url.path)))
        #expect(try Fingerprint.of("file", in: opened)?.size == 2)
        #expect(try Fingerprint.of("link", in: opened) == nil && Fingerprint.of("none", in: opened) == nil)
        #expect(try Fingerprint.of(opened.path.appending("file")) == Fingerprint.of("file", in: opened))
        #expect(try Fingerprint.of(opened.path.appending("link")) == nil)
    }

    // MARK: As another user could

    private static let nobody = Peer(user: 65534, groups: [65534])

    private func opens(_ path: String, _ peer: Peer = nobody) -> Bool { code(path, peer) == nil }

    private func code(_ path: String, _ peer: Peer = nobody) -> Int32? {
        do throws(SystemError) {
            _ = try FileSource(Path(text: path) ?? "", as: peer)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func othersFilesAreNotOpenedForACaller() throws {
        let folder = try TemporaryFolder()
        chmod(folder.url.path, 0o755)
        let file = try folder.write([1], to: "f.gif")
        chmod(file, 0o644)
        #expect(opens(file))
        chmod(file, 0o640)
        #expect(!opens(file))
        #expect(opens(file, Peer(user: 65534, groups: [65534, getegid()])))
        #expect(opens(file, Peer(user: 0, groups: [])))
        chmod(file, 0o644)
        chmod(folder.url.path, 0o700)
        #expect(!opens(file))
        chmod(folder.url.path, 0o711)
        #expect(opens(file))
        // Owned, and shut to its owner.
        chown(file, 65534, getegid())
        chmod(file, 0o044)
        #expect(!opens(file))
    }

    @Test(.enabled(if: geteuid() == 0)) func linksAreFollowedToWhereTheyLead() throws {
        let folder = try TemporaryFolder()
        chmod(folder.url.path, 0o755)
        let secret = try folder.write([1], to: "secret")
        chmod(secret, 0o600)
        symlink(secret, folder.path("link.gif"))
        #expect(!opens(folder.path("link.gif")))
        chmod(secret, 0o644)
        #expect(opens(folder.path("link.gif")))
        #expect(!opens(folder.url.path) && !opens(folder.path("none")) && !opens("relative"))
    }

    /// As the system answers the user itself: in a folder that may be searched it says which files there are, and in others
    /// nothing.
    @Test(.enabled(if: geteuid() == 0)) func foldersThatACallerMayNotSearchTellNothing() throws {
        let folder = try TemporaryFolder()
        chmod(folder.url.path, 0o755)
        try FileManager.default.createDirectory(atPath: folder.path("secret/deep"), withIntermediateDirectories: true)
        _ = try folder.write([1], to: "secret/there.gif")
        symlink("none", folder.path("secret/broken"))
        symlink(folder.path("secret/there.gif"), folder.path("in"))
        symlink(folder.path("secret/none.gif"), folder.path("in-none"))
        symlink("loop", folder.path("loop"))
        chmod(folder.path("secret"), 0o700)
        for name in [
            "there.gif", "none.gif", "deep/x.gif", "none/x.gif", "broken", "there.gif/x", "../secret/none.gif",
        ] {
            #expect(code(folder.path("secret") + "/" + name) == EACCES, "\(name)")
        }
        #expect(code(folder.path("in")) == EACCES && code(folder.path("in-none")) == EACCES)
        #expect(code(folder.path("none.gif")) == ENOENT && code(folder.path("loop")) == ELOOP)
        #expect(code(folder.url.path + "/in/x") == EACCES && code(folder.url.path + "/../none") == ENOENT)
        chmod(folder.path("secret"), 0o755)
        chmod(folder.path("secret/there.gif"), 0o644)
        #expect(opens(folder.path("in")) && code(folder.path("in-none")) == ENOENT)
        #expect(opens(folder.path("secret") + "/deep/.././there.gif") && code(folder.path("in") + "/x") == ENOTDIR)
        #expect(code(folder.path("secret")) == EINVAL)
    }

    @Test func aFileOpenForWritingIsRecognized() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "f")
        let reading = open(path, O_RDONLY)
        defer { close(reading) }
        try #require(clinux_has_writer(reading) == 0)
        let writing = open(path, O_WRONLY)
        #expect(clinux_has_writer(reading) == 1)
        close(writing)
        #expect(clinux_has_writer(reading) == 0)
    }
}
