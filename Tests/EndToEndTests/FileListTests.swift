import Foundation
import TestSupport
import Testing

/// `convert` with lists of files, results for scripts, and runs that go on.
@Suite struct FileListTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif")
        _ = try folder.write(ExampleGIF.drifting(frames: 3), to: "b c.gif")
        _ = try folder.write(Array("no GIF".utf8), to: "rubbish.gif")
        // The first image of two is whole.
        let whole = ExampleGIF.drifting(frames: 2)
        _ = try folder.write(Array(whole.dropLast(40)), to: "cut.gif")
    }

    private func convert(_ list: [UInt8], _ more: String..., environment: [String: String] = [:]) throws -> Tool.Result
    {
        try Tool.run(
            Tool.gif2video,
            ["convert", "--files-from", "-", "--to", "y4m", "--rate", "source", "--profile", "none"] + more
                + ["-o", folder.path("out") + "/"], input: list, environment: environment)
    }

    private func list(_ names: [String], separator: String = "\n") -> [UInt8] {
        Array(names.map { folder.path($0) + separator }.joined().utf8)
    }

    private struct Line: Decodable {
        let index: Int
        let input: String
        let output: String
        let status: String
        let exit: Int
        let frames: Int
        let pictures: Int
        let error: String?
    }

    private func lines(_ result: Tool.Result) throws -> [Line] {
        try result.output.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Line.self, from: Data($0))
        }
    }

    @Test(arguments: ["\n", "\0"])
    func namesComeFromAList(separator: String) throws {
        let null = separator == "\0" ? ["-0"] : []
        let result = try Tool.run(
            Tool.gif2video,
            ["convert", "--files-from", "-", "--to", "y4m", "--profile", "none", "-o", folder.path("out") + "/"] + null,
            input: list(["a.gif", "b c.gif"], separator: separator))
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted() == ["a.y4m", "b c.y4m"])
        #expect(result.errors.contains("\n2 GIFs: 2 done; "), "\(result.errors)")
        #expect(!result.errors.contains("\u{1b}"))
    }

    @Test func everyGIFHasALineOfJSON() throws {
        let result = try convert(list(["a.gif", "rubbish.gif", "none.gif", "cut.gif", "b c.gif"]), "--json", "-q")
        let lines = try lines(result)
        #expect(lines.map(\.status) == ["done", "failed", "failed", "damaged", "done"], "\(result.errors)")
        #expect(lines.map(\.exit) == [0, 1, 2, 1, 0] && result.status == 2)
        #expect(lines.map(\.index) == [0, 1, 2, 3, 4])
        #expect(lines.map { $0.error == nil } == [true, false, false, false, true])
        #expect(lines[4].input == folder.path("b c.gif") && lines[4].output == folder.path("out/b c.y4m"))
        #expect(lines[0].frames == 2 && lines[4].frames == 3 && lines[4].pictures > 0)
    }

    /// The next run does what a broken one left undone, and nothing else.
    @Test func aRunGoesOn() throws {
        #expect(try convert(list(["a.gif"])).status == 0)
        let before =
            try FileManager.default.attributesOfItem(atPath: folder.path("out/a.y4m"))[.systemFileNumber] as? Int
        let result = try convert(list(["a.gif", "b c.gif"]), "--json", "--skip-existing")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try lines(result).map(\.status) == ["skipped", "done"])
        #expect(result.errors.contains("2 GIFs: 1 done, 1 skipped; "), "\(result.errors)")
        let after =
            try FileManager.default.attributesOfItem(atPath: folder.path("out/a.y4m"))[.systemFileNumber] as? Int
        #expect(before == after)
    }

    @Test func anEmptyListIsDoneAtOnce() throws {
        let result = try convert([], "--json")
        #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
    }

    /// People type the first word from memory.
    @Test func aFirstWordThatIsNoCommandGetsAdvice() throws {
        func told(_ words: String...) throws -> String {
            let result = try Tool.run(Tool.gif2video, words)
            #expect(result.status == 64)
            return result.errors
        }
        #expect(try told("convrt", "a.gif").contains("there is no command convrt; did you mean convert?"))
        #expect(try told("my cat.gif").contains("say what to do: gif2video convert my cat.gif -o video.mp4"))
        #expect(try told("something").contains("there is no command something ('gif2video --help' lists them)"))
    }

    @Test func mistakesSayWhatHelps() throws {
        func told(_ arguments: String..., input: [UInt8] = []) throws -> String {
            let result = try Tool.run(Tool.gif2video, ["convert"] + arguments, input: input)
            #expect(result.status == 64 || result.status == 2)
            return result.errors
        }
        let (gif, out) = (folder.path("a.gif"), folder.path("x.y4m"))
        #expect(
            try told(gif, "--profile", "none", "-o", folder.path("no/x.y4m"))
                .contains("x.y4m: cannot make a file in the folder \(folder.path("no")): No such file"))
        #expect(try told("-o", out).contains("name GIF files, or a list of them with --files-from"))
        #expect(try told("-0", gif, "-o", out).contains("--null says how the names of --files-from end"))
        #expect(try told("--files-from", "-", "-", "-o", out).contains("cannot be a GIF, too"))
        #expect(
            try told("--files-from", "-", "-o", out, input: list(["a.gif"])).contains("--files-from needs a folder"))
        #expect(try told("--files-from", folder.path("none"), "-o", out).contains("none: cannot open: No such file"))
        #expect(
            try told("--files-from", "-", "-o", folder.path("o") + "/", input: list(["a.gif"], separator: "\0"))
                .contains("--null reads names that end with NUL"))
    }
}
