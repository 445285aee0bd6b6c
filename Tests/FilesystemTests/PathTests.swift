import Filesystem
import Foundation
import Testing

@Suite struct PathTests {
    private func path(_ bytes: [UInt8]) throws -> Path { try #require(Path(bytes: bytes)) }

    /// A slash is a slash, whatever combines with it; a name's length is counted in bytes.
    @Test func partsAreFoundByBytes() throws {
        let root: Path = "/srv/j\u{FC}rgen"
        let gif = root.appending("n\u{E9}e/\u{301}cat.gif")
        #expect(gif.relative(to: root) == "n\u{E9}e/\u{301}cat.gif")
        #expect(gif.name == "\u{301}cat.gif" && gif.folder == root.appending("n\u{E9}e"))
        #expect(gif.removing("n\u{E9}e/\u{301}cat.gif") == root)
        #expect(gif.components.count == 4)
        // U+0600 prepends itself to what follows: for a String, "X\u{600}/evil" has no slash of its own.
        let prepended: Path = "/roots/X\u{600}/evil.y4m"
        #expect(prepended.name == "evil.y4m" && prepended.folder == "/roots/X\u{600}")
    }

    @Test func twoNormalFormsOfANameAreTwoNames() {
        let composed: Path = "\u{FC}.gif"
        let decomposed: Path = "u\u{308}.gif"
        #expect("\u{FC}.gif" == "u\u{308}.gif")
        #expect(composed != decomposed && Set([composed, decomposed]).count == 2)
    }

    @Test func namesThatAreNoUTF8KeepTheirBytes() throws {
        let latin1 = try path(Array("/drop/caf".utf8) + [0xE9] + Array(".gif".utf8))
        #expect(latin1.stem.bytes.last == 0xE9 && latin1.ending == ".gif")
        #expect(latin1.text == nil)
        let copy = try JSONDecoder().decode(Path.self, from: JSONEncoder().encode(latin1))
        #expect(copy == latin1)
        let plain = try JSONDecoder().decode(Path.self, from: Data("\"a/b\"".utf8))
        #expect(plain == "a/b")
    }

    @Test func aPathWithANULIsRefused() {
        #expect(Path(bytes: [97, 0, 98]) == nil && Path(text: "a\0b") == nil)
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Path.self, from: Data("\"a\\u0000b\"".utf8)) }
    }

    @Test func endingsBeginAtTheLastDotOfTheName() {
        #expect((Path("a.b/c").ending, Path("a.b/c").stem) == ("", "a.b/c"))
        #expect((Path("a/.hidden").ending, Path("a/c.d.gif").ending) == ("", ".gif"))
        #expect(Path("a/c.d.gif").stem == "a/c.d")
    }

    @Test func onlyEntryNamesLeadDown() {
        #expect(Path("a/b").leadsDown)
        for path: Path in ["", "/a", "a//b", "a/", "../a", "a/../b", "./a", "a/."] { #expect(!path.leadsDown) }
        #expect(Path("a").isEntryName && !Path("a/b").isEntryName && !Path("..").isEntryName)
    }

    @Test func aPathLiesBelowAFolderOnlyAtASlash() {
        #expect(Path("/a/bc").relative(to: "/a/b") == nil)
        #expect(Path("/a/b").relative(to: "/a/b") == nil)
        #expect(Path("/a").relative(to: "/") == "a")
        #expect(Path("/a/b/c").relative(to: "/a/") == "b/c")
    }

    @Test func theRootAndTheWorkingFolderNeedNoSlash() {
        #expect(Path("/").appending("a") == "/a" && Path(".").appending("a") == "a" && Path("a").appending(".") == "a")
        #expect(Path("/a").folder == "/" && Path("a").folder == ".")
    }
}

@Suite struct PrintableTextTests {
    @Test func whatControlsATerminalIsEscaped() throws {
        #expect("a\u{1B}[31m\nb\u{7F}".printable == "a\\x1B[31m\\x0Ab\\x7F")
        // The one-character form of ESC [, a change of direction, a line separator.
        #expect("\u{9B}2J\u{202E}gif.\u{2028}".printable == "\\u{9B}2J\\u{202E}gif.\\u{2028}")
        let path = try #require(Path(bytes: [0x61, 0xE9, 0x0A, 0xC3]))
        #expect("\(path)" == "a\\xE9\\x0A\\xC3")
    }

    @Test func whatIsSeenStays() {
        for text in ["caf\u{E9} \u{65E5}\u{672C}\u{8A9E} \u{1F408}.gif", "a\\b c", ""] {
            #expect(text.printable == text)
        }
    }

    @Test func emojiStayJoined() {
        // A black cat, a flag of two, a family, a technician with a skin tone.
        for text in [
            "\u{1F408}\u{200D}\u{2B1B}", "\u{1F3F3}\u{FE0F}\u{200D}\u{1F308}.gif",
            "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{1F9D1}\u{1F3FD}\u{200D}\u{1F4BB}",
        ] {
            #expect(text.printable == text)
        }
        // A joiner could hide elsewhere: two names would look like one.
        #expect("a\u{200D}b".printable == "a\\u{200D}b" && "1\u{200D}2".printable == "1\\u{200D}2")
        #expect("\u{1F408}\u{200D}".printable == "\u{1F408}\\u{200D}")
        #expect("\u{200D}\u{1F408}".printable == "\\u{200D}\u{1F408}")
        #expect("\u{1F408}\u{200D}\u{200D}\u{1F408}".printable == "\u{1F408}\\u{200D}\\u{200D}\u{1F408}")
    }
}
