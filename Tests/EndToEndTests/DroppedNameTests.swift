import Filesystem
import Foundation
import TestSupport
import Testing

/// GIFs in a watched folder under names of every kind: a name is bytes, from the scan to the last rename.
@Suite(.serialized) struct DroppedNameTests {
    /// Names below `in`, without their extension.
    private static let names: [[UInt8]] = [
        Array("plain".utf8),
        Array("j\u{FC}rgen/cat".utf8),
        Array("j\u{FC}rgen/\u{E9}t\u{E9}/a".utf8),
        Array("\u{65E5}\u{672C}\u{8A9E}/\u{732B}".utf8),
        // The two Unicode forms of one name, which are two files.
        Array("caf\u{E9}".utf8),
        Array("cafe\u{301}".utf8),
        // A combining mark that a String joins with the slash before it, and one that takes the slash behind it.
        Array("sub/\u{301}mark".utf8),
        Array("X\u{600}/prepended".utf8),
        // Latin-1, and bytes that are no text at all.
        Array("caf".utf8) + [0xE9],
        [0xFF, 0xFE, 0x80],
        // Control characters that a terminal would obey.
        Array("red\u{1B}[31m\nJOB 99".utf8),
        Array("  spaces and \"quotes\" $(and) `more`".utf8),
        Array("-n".utf8),
    ]

    /// Calls `body` with a path of bytes below a folder.
    private func at<R>(_ folder: String, _ name: [UInt8], _ ending: String, _ body: (UnsafePointer<CChar>) -> R) -> R {
        let path = Path(bytes: Array(folder.utf8) + [UInt8(ascii: "/")] + name + Array(ending.utf8))
        guard let path else { preconditionFailure("a name without a NUL") }
        return path.withCString(body)
    }

    private func exists(_ folder: String, _ name: [UInt8], _ ending: String) -> Bool {
        at(folder, name, ending) { access($0, F_OK) == 0 }
    }

    private func drop(_ gif: [UInt8], _ folder: String, _ name: [UInt8]) throws {
        for slash in name.indices where name[slash] == UInt8(ascii: "/") {
            _ = at(folder, Array(name[..<slash]), "") { mkdir($0, 0o755) }
        }
        let file = at(folder, name, ".gif") { open($0, O_WRONLY | O_CREAT | O_EXCL, 0o644) }
        try #require(file >= 0, "\(String(cString: strerror(errno)))")
        defer { close(file) }
        try #require(write(file, gif, gif.count) == gif.count)
    }

    /// Found by looking at the start, and seen coming: each has its video and is moved under its own name.
    @Test(arguments: [true, false]) func everyNameGetsItsVideoAndKeepsItsOriginal(isThereAtTheStart: Bool) throws {
        let daemon = try DaemonProcess(
            FolderStream.configuration("[jobs]", "recursive = true\nfinished = \"move\""))
        let folder = "\(daemon.state)/in"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Each has as many frames as its place in the list says.
        func dropAll() throws {
            for (index, name) in Self.names.enumerated() {
                try drop(ExampleGIF.drifting(frames: index + 1), folder, name)
            }
        }
        if isThereAtTheStart { try dropAll() }
        try daemon.start()
        try daemon.waitUntilReady()
        if !isThereAtTheStart { try dropAll() }
        try daemon.waitUntil("all are done") {
            let states = try daemon.states()
            return states.count == Self.names.count && states.allSatisfy { $0 == "done" }
        }
        for (index, name) in Self.names.enumerated() {
            let label = String(decoding: name, as: UTF8.self)
            #expect(exists("\(daemon.state)/out", name, ".y4m"), "\(label)")
            #expect(exists("\(folder)/done", name, ".gif") && !exists(folder, name, ".gif"), "\(label)")
            var status = stat()
            _ = at("\(daemon.state)/out", name, ".y4m") { stat($0, &status) }
            // Pictures and a header that is shorter than one.
            #expect(Int(status.st_size) / (48 * 32 * 3 + 6) == index + 1, "\(label)")
        }
        // A job is one row, whatever its file is called, on the terminal and in the log.
        let table = String(decoding: try daemon.command("jobs", "--limit", "500").output, as: UTF8.self)
        #expect(table.split(separator: "\n").count == Self.names.count + 1)
        for text in [table, daemon.log] {
            #expect(!text.unicodeScalars.contains { $0.value == 0x1B } && text.contains("red\\x1B[31m\\x0AJOB 99"))
        }
        let json = String(decoding: try daemon.command("jobs", "--json").output, as: UTF8.self)
        #expect(!json.unicodeScalars.contains { $0.properties.generalCategory == .format })
        #expect(
            try daemon.list("jobs").contains {
                ($0["source"] as? String)?.hasSuffix("red\u{1B}[31m\nJOB 99.gif") == true
            })
        #expect(daemon.stop() == 0)
    }

    /// A character that the command line has another use for, and a link to a name that is no text.
    @Test func aSubmittedNameArrivesAsItIs() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        let folder = try TemporaryFolder()
        try drop(ExampleGIF.drifting(frames: 2), folder.url.path, Array("\u{10FEA9}".utf8))
        try drop(ExampleGIF.drifting(frames: 3), folder.url.path, Array("caf".utf8) + [0xE9])
        let isLinked = at(folder.url.path, Array("caf".utf8) + [0xE9], ".gif") { symlink($0, folder.path("link.gif")) }
        try #require(isLinked == 0)
        for (name, frames) in [("\u{10FEA9}", 2), ("link", 3)] {
            let result = try daemon.command("submit", "--wait", "--stream", "drop", folder.path("\(name).gif"))
            #expect(result.status == 0, "\(result.errors)")
            #expect(try daemon.pictures("out/\(name).y4m") == frames)
        }
    }

    @Test func aFailedGIFHasItsReasonBesideIt() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        let name = Array("br\u{FC}ck".utf8) + [0xE9]
        try daemon.waitUntil("the folder") { daemon.exists("in") }
        try drop(Array("GIF89a".utf8), "\(daemon.state)/in", name)
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        #expect(
            exists("\(daemon.state)/in/failed", name, ".gif") && exists("\(daemon.state)/in/failed", name, ".gif.txt"))
        #expect(try daemon.command("retry", "1").status == 0)
        try daemon.waitUntil("it has failed again") {
            // A version that looks fresh is read once more.
            try daemon.json("show", "1")["attempts"] as? Int ?? 0 >= 2 && daemon.states() == ["failed"]
        }
        #expect(exists("\(daemon.state)/in/failed", name, ".gif"))
    }

    /// Names as long as names can be: what is made of them is shortened.
    @Test func theLongestNamesAreDone() throws {
        let daemon = try DaemonProcess.started(
            FolderStream.configuration("[jobs]", "finished = \"move\"\ninclude = [\"*.gif\", \"*.GIF\"]"))
        try daemon.waitUntil("the folder") { daemon.exists("in") }
        // 2 bytes a character, and one left over.
        let stem = Array(String(repeating: "\u{E9}", count: 125).utf8) + [UInt8(ascii: "x")]
        try drop(ExampleGIF.drifting(frames: 2), "\(daemon.state)/in", stem)
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        let file = at("\(daemon.state)/in", stem, ".GIF") { open($0, O_WRONLY | O_CREAT, 0o644) }
        let gif = ExampleGIF.drifting(frames: 3)
        #expect(write(file, gif, gif.count) == gif.count)
        close(file)
        try daemon.waitUntil("the other is done") { try daemon.states() == ["done", "done"] }
        try drop(Array("GIF89a".utf8), "\(daemon.state)/in", stem)
        try daemon.waitUntil("the bad one has failed") { try daemon.states() == ["failed", "done", "done"] }
        #expect(exists("\(daemon.state)/out", stem, ".y4m"))
        #expect(exists("\(daemon.state)/out", Array(String(repeating: "\u{E9}", count: 124).utf8), "-2.y4m"))
        #expect(exists("\(daemon.state)/in/failed", stem, ".gif") && !exists("\(daemon.state)/in", stem, ".gif"))
    }
}
