import Foundation
import TestSupport
import Testing

/// Names of every kind as input and output of `convert`, `probe` and `compare`: a name is bytes.
@Suite struct FileNameTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(ExampleGIF.drifting(delays: [8, 8]), to: "in.gif")
    }

    /// Runs a script of Bash, which can write any byte, in the folder with the program as `$P`.
    private func bash(_ script: String) throws -> Tool.Result {
        try Tool.run(
            "/bin/bash", ["-c", "cd \(folder.url.path) && \(script)"],
            environment: ["P": Tool.gif2video, "LC_ALL": "C"])
    }

    /// Names without extension, as Bash writes them.
    private static let names = [
        "12:30:05", "-x", "--help", "%03d", "a b  c", "$'caf\\xe9'", "$'\\xff\\xfe\\x80'", "$'caf\\xc3\\xa9'",
        "$'cafe\\xcc\\x81'", "$'\\xf4\\x8f\\xba\\xa9'", "$'red\\e[31m'", "$(printf 'n%.0s' {1..251})",
        "$(printf '\\xc3\\xa9%.0s' {1..125})",
    ]

    /// `$N` is the name.
    private func run(_ name: String, _ script: String) throws -> Tool.Result {
        try bash("N=\(name.hasPrefix("$") ? name : "'\(name)'") && \(script)")
    }

    @Test(arguments: names, ["mp4", "y4m"]) func convertReadsAndWritesIt(name: String, kind: String) throws {
        let result = try run(
            name,
            """
            mv in.gif "./$N.gif" && $P convert -q --profile none -o "./$N.\(kind)" -- "$N.gif" &&
            mkdir folder && $P convert -q --profile none --to \(kind) -o folder -- "$N.gif" &&
            cmp -- "./$N.\(kind)" "folder/$N.\(kind)" && rm -r folder && rm "./$N.gif" && rm "./$N.\(kind)" && ls -A
            """)
        #expect(result.status == 0 && result.errors.isEmpty && result.output.isEmpty, "\(name): \(result.errors)")
    }

    @Test(arguments: names) func probeAndCompareReadIt(name: String) throws {
        let result = try run(
            name,
            """
            mv in.gif "./$N.gif" && $P probe --json --profile none "./$N.gif" > json &&
            $P compare --profile live --frames 1 "./$N.gif" -o "./$N.png" && rm "./$N.gif" && rm "./$N.png" && cat json
            """)
        #expect(result.status == 0 && result.errors.isEmpty, "\(name): \(result.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any]
        #expect(object?["frames"] as? Int == 2)
    }

    /// In every locale files and JSON have the name, which a script finds the file by, and people read it.
    @Test(arguments: ["C", "ja_JP.UTF-8"]) func japaneseAndEmojiStayWhatTheyAre(locale: String) throws {
        let name = "\u{732B} \u{1F408}\u{200D}\u{2B1B}"
        let result = try bash(
            """
            { export LC_ALL=\(locale); } 2> /dev/null; mv in.gif '\(name).gif' && $P probe --json --profile none '\(name).gif' &&
            $P convert --json --profile none '\(name).gif' -o '\(name).y4m' &&
            $P convert -q --json --profile none '\(name).gif' --to mkv -o . && $P probe --profile none none$'\\u732B.gif'
            """)
        let lines = result.output.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 3, "\(result.errors)")
        let objects = try lines.map { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
        #expect(objects[0]?["file"] as? String == "\(name).gif")
        #expect(objects[1]?["input"] as? String == "\(name).gif" && objects[1]?["output"] as? String == "\(name).y4m")
        #expect(objects[2]?["output"] as? String == "\(name).mkv")
        #expect(result.errors.hasPrefix("\(name).gif -> \(name).y4m: 2 frames"), "\(result.errors)")
        #expect(try folder.contents == ["\(name).gif", "\(name).mkv", "\(name).y4m"])
    }

    @Test func jsonHasTheBytesOfANameThatIsNoText() throws {
        let result = try bash(
            "mv in.gif $'caf\\xe9.gif' && $P convert -q --json --profile none $'caf\\xe9.gif' -o a.y4m")
        let object = try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any]
        #expect(object?["input"] as? [Int] == [99, 97, 102, 0xE9, 46, 103, 105, 102], "\(result.errors)")
    }

    @Test func anEqualsSignTakesALeadingDash() throws {
        let result = try bash(
            "$P convert -q --profile none in.gif -o=-x.y4m && $P convert -q --profile none in.gif --output=-y.y4m && ls"
        )
        #expect(String(decoding: result.output, as: UTF8.self) == "-x.y4m\n-y.y4m\nin.gif\n", "\(result.errors)")
    }

    @Test func messagesShowTheBytes() throws {
        let result = try bash("$P probe $'caf\\xe9.gif'; $P convert in.gif -o $'no/\\xe9.y4m'")
        #expect(
            result.errors.contains("gif2video: caf\\xE9.gif: cannot open: No such file or directory\n"),
            "\(result.errors)")
        #expect(result.errors.contains("no: No such file or directory\n"), "\(result.errors)")
    }

    /// The daemon's socket carries text.
    @Test(arguments: [
        "submit --stream drop $'caf\\xe9.gif'", "submit -o $'caf\\xe9.mp4' in.gif",
        "play --stream live $'caf\\xe9.gif'",
    ])
    func commandsForTheDaemonSayThatANameIsNotText(words: String) throws {
        let result = try bash("$P \(words)")
        #expect(result.status == 64 && result.errors.contains("the name is not UTF-8"), "\(result.errors)")
        #expect(result.errors.contains("caf\\xE9."), "\(result.errors)")
    }

    /// The file is in a folder whose name is no text.
    @Test(arguments: ["submit --stream drop", "play --stream live"])
    func commandsForTheDaemonSayThatTheirFolderIsNotText(words: String) throws {
        let result = try bash("mkdir $'caf\\xe9' && cd $'caf\\xe9' && $P \(words) in.gif")
        #expect(
            result.status == 64 && result.errors.contains("caf\\xE9/in.gif: the name is not UTF-8"), "\(result.errors)")
    }

    @Test func aSocketWhoseNameIsNotTextIsNamed() throws {
        let result = try bash("$P status --socket $'run/caf\\xe9'; GIF2VIDEO_SOCKET=$'run/caf\\xe8' $P status")
        for name in ["run/caf\\xE9", "run/caf\\xE8"] {
            #expect(result.errors.contains("no gif2videod is running (looked for \(name))"), "\(result.errors)")
        }
    }

    @Test func aNameThatIsTooLongIsNamed() throws {
        let result = try bash("N=$(printf 'n%.0s' {1..252}) && $P convert --profile none in.gif -o $N.y4m")
        #expect(result.status == 2 && result.errors.contains("nnn.y4m: File name too long"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif"])
    }
}
