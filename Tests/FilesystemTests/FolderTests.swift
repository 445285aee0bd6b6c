import Filesystem
import Foundation
import TestSupport
import Testing

@Suite struct FolderTests {
    private let temporary: TemporaryFolder
    private let root: Folder

    init() throws {
        temporary = try TemporaryFolder()
        root = try Folder(#require(Path(text: temporary.url.path)))
    }

    private func code(_ body: () throws -> some Any) -> Int32? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? SystemError)?.code
        }
    }

    @Test func noLinkIsFollowedBelowAFolder() throws {
        let outside = try TemporaryFolder()
        _ = try outside.write([1], to: "secret")
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path("link"), withDestinationPath: outside.url.path)
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path("file"), withDestinationPath: outside.path("secret"))
        #expect([ELOOP, ENOTDIR].contains(code { try root.folder("link") }))
        #expect([ELOOP, ENOTDIR].contains(code { try root.folder("link/new", creating: 0o777) }))
        #expect(code { try root.open("link/secret", O_RDONLY) } == ELOOP)
        #expect(code { try root.open("file", O_RDONLY) } == ELOOP)
        #expect(try outside.contents == ["secret"])
    }

    @Test func nothingLeadsOutOfAFolder() {
        for path: Path in ["..", "a/../../b", "/etc/passwd", "."] {
            #expect(code { try root.open(path, O_RDONLY) } == EXDEV)
        }
    }

    @Test func missingFoldersAreMade() throws {
        let deep = try root.folder("a/b/c", creating: 0o755)
        #expect(deep.path == root.path.appending("a/b/c"))
        #expect(code { try root.folder("x/y") } == ENOENT)
        let path = try #require(Path(text: temporary.path("p/q")))
        _ = try Folder(path, creating: 0o755)
        #expect(try temporary.contents == ["a", "p"])
    }

    @Test func anOpenFolderIsTheSameFolderUnderAnotherName() throws {
        let sub = try root.folder("sub", creating: 0o755)
        #expect(rename(temporary.path("sub"), temporary.path("moved")) == 0)
        close(try sub.open("new", O_WRONLY | O_CREAT | O_EXCL))
        #expect(FileManager.default.fileExists(atPath: temporary.path("moved/new")))
    }

    @Test func namesOfAnyBytesAreListed() throws {
        let name = try #require(Path(bytes: [0x63, 0xE9, 0x0A]))
        close(try root.open(name, O_WRONLY | O_CREAT))
        #expect(try root.names() == [name])
        #expect(try root.status(name)?.st_size == 0 && root.status("none") == nil)
        try root.move(name, to: root, "plain")
        #expect(try temporary.contents == ["plain"])
    }

    @Test func aNameThatIsTakenIsNotReplacedUnlessAskedFor() throws {
        for name: Path in ["a", "b"] { close(try root.open(name, O_WRONLY | O_CREAT)) }
        #expect(code { try root.move("a", to: root, "b") } == EEXIST)
        try root.move("a", to: root, "b", replacing: true)
        #expect(try temporary.contents == ["b"])
    }

    @Test func aPrivateFolderIsNobodyElses() throws {
        let (folder, name) = try PrivateFolder.make("mine", in: root)
        var status = stat()
        #expect(name == "mine" && fstat(folder.descriptor, &status) == 0 && status.st_mode & 0o777 == 0o700)
        close(try folder.open("file", O_WRONLY | O_CREAT))
        #expect(try PrivateFolder.open("mine", in: root) != nil)
        #expect(chmod(temporary.path("mine"), 0o777) == 0)
        #expect(try PrivateFolder.open("mine", in: root) == nil)
        #expect(chmod(temporary.path("mine"), 0o700) == 0)
        PrivateFolder.remove("mine", in: root)
        #expect(try temporary.contents.isEmpty)
    }

    /// A user who may write into the folder around it may give its name to anything, even to a folder of the same user.
    @Test func somethingElseOfItsNameIsLeftAlone() throws {
        _ = try root.folder("mine/precious", creating: 0o700)
        chmod(temporary.path("mine"), 0o700)
        let (_, name) = try PrivateFolder.make("mine", in: root)
        #expect(name == "mine-2")
        PrivateFolder.remove("mine", in: root)
        #expect(try temporary.contents == ["mine", "mine-2"])
        #expect(try root.folder("mine").names() == ["precious"])
        // One that was left is used again.
        #expect(try PrivateFolder.make("mine", in: root).name == "mine-2")
    }

    /// A process was killed between its two steps.
    @Test func onesThatAreHalfMadeAreRemoved() throws {
        _ = try root.folder("mine", creating: 0o700)
        chmod(temporary.path("mine"), 0o700)
        PrivateFolder.remove("mine", in: root)
        #expect(try temporary.contents.isEmpty)
        _ = try root.folder("others", creating: 0o700)
        chmod(temporary.path("others"), 0o755)
        PrivateFolder.remove("others", in: root)
        #expect(try temporary.contents == ["others"])
    }

    @Test func aTreeIsRemovedWithoutFollowingLinks() throws {
        let outside = try TemporaryFolder()
        _ = try outside.write([1], to: "kept")
        let tree = try root.folder("tree/deep", creating: 0o755)
        close(try tree.open("file", O_WRONLY | O_CREAT))
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path("tree/link"), withDestinationPath: outside.url.path)
        root.removeTree("tree")
        #expect(try temporary.contents.isEmpty)
        #expect(try outside.contents == ["kept"])
    }
}
