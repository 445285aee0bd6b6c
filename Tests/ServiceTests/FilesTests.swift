import CLinux
import Control
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct FilesTests {
    @Test func namesAreSplit() {
        for (name, stem, ending) in [("a.b.gif", "a.b", ".gif"), (".hidden", ".hidden", ""), ("plain", "plain", "")] {
            let split = Files.split(name)
            #expect(split.stem == stem && split.ending == ending)
        }
        #expect(Files.folder(of: "/a/b") == "/a" && Files.folder(of: "/a") == "/" && Files.folder(of: "a") == ".")
        #expect(Files.name(of: "/a/b") == "b" && Files.name(of: "a") == "a")
    }

    @Test func movingDoesNotOverwrite() throws {
        let folder = try TemporaryFolder()
        let (a, b) = (try folder.write([1], to: "a"), try folder.write([2], to: "b"))
        #expect(throws: Files.Failure.self) { try Files.move(a, to: b, partial: folder.path("p")) }
        #expect(try folder.read("b") == [2])
        try Files.move(a, to: folder.path("c"), partial: folder.path("p"))
        #expect(try folder.contents == ["b", "c"])
    }

    /// From one file system to another, as far as this machine has two.
    @Test(.enabled(if: access("/dev/shm", W_OK) == 0)) func movingCrossesFileSystems() throws {
        let folder = try TemporaryFolder()
        let from = "/dev/shm/gif2video-\(getpid())"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: from))
        try Files.move(from, to: folder.path("moved"), partial: folder.path("p"))
        #expect(try folder.read("moved") == [1, 2, 3])
        #expect(try folder.contents == ["moved"] && !Files.exists(from))
    }

    @Test func freeNamesAreFree() throws {
        let folder = try TemporaryFolder()
        #expect(Settler.freeName("sub/x.gif", in: "/nowhere") == "/nowhere/sub/x.gif")
        _ = try folder.write([], to: "x.gif")
        _ = try folder.write([], to: "x-2.gif.txt")
        #expect(Settler.freeName("x.gif", in: folder.url.path) == folder.path("x-3.gif"))
    }

    @Test func foldersAreListedAsTheyAre() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([1, 2], to: "file")
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        symlink(folder.path("file"), folder.path("link"))
        let entries = try Files.entries(of: folder.url.path).sorted { $0.name < $1.name }
        #expect(entries.map(\.name) == ["file", "folder", "link"])
        #expect(entries.map(\.kind) == [.file, .folder, .other])
        #expect(entries[0].fingerprint.size == 2 && Fingerprint.of(folder.path("file")) == entries[0].fingerprint)
        #expect(Fingerprint.of(folder.path("link")) == nil)
    }

    // MARK: As another user could

    private static let nobody = Peer(user: 65534, groups: [65534])

    private func opens(_ path: String, _ peer: Peer = nobody) -> Bool { (try? FileSource(path, as: peer)) != nil }

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

    @Test func aWriterIsSeen() throws {
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
