import Filesystem
import Media

/// The command line of an encoder, with places for what differs from video to video. No shell is involved.
///
/// The command reads raw pictures from its standard input, `rgb24` or `rgba`, one after the other. Places in its words:
/// `{width}`, `{height}`, `{rate}` (a fraction), `{pixels}` (rgb24 or rgba), `{odd_width}` and `{odd_height}` (1 where
/// the side is odd, else 0), `{output}` (the file to write).
///
/// The command runs in a private folder that is empty at first; `{output}` is a name in it. Everything else that the command
/// leaves there is removed. Other files are named by absolute paths.
public struct EncoderTemplate: Hashable, Sendable {
    /// The program, an absolute path or a name that is looked up in the absolute folders of PATH, and its arguments.
    public let command: [String]
    /// Whether it gets `rgba`.
    public let keepsAlpha: Bool
    /// How far what it makes is checked.
    public let verification: VideoVerification
    /// Whether it runs with fewer rights than this process (`Confinement`).
    public let isConfined: Bool

    private static let places: Set = ["width", "height", "rate", "pixels", "odd_width", "odd_height", "output"]

    /// - Parameter command: without `mistakes`.
    public init(
        command: [String], keepsAlpha: Bool, verification: VideoVerification = .pictures, isConfined: Bool = true
    ) {
        precondition(Self.mistakes(in: command).isEmpty, "a template is checked before it is made")
        self.command = command
        self.keepsAlpha = keepsAlpha
        self.verification = verification
        self.isConfined = isConfined
    }

    /// Whether it is one that comes with the program: then its keys in a configuration are no help.
    public var isBuiltIn: Bool {
        VideoContainer.allCases.contains { [false, $0.canKeepAlpha].map($0.template).contains(self) }
    }

    /// The mistakes in a command line, as sentences.
    public static func mistakes(in command: [String]) -> [String] {
        guard let program = command.first, !program.isEmpty else { return ["has no program"] }
        var mistakes: [String] = []
        if program.utf8.contains(UInt8(ascii: "/")) && program.utf8.first != UInt8(ascii: "/") {
            mistakes.append(
                "\(program.printable) must be an absolute path, or a name: the command runs in a folder of its own")
        }
        var found: Set<String> = []
        for word in command {
            for place in placesIn(word) {
                found.insert(place)
                if !places.contains(place) {
                    let known = places.sorted().map { "{\($0)}" }.joined(separator: ", ")
                    mistakes.append("{\(place)} is none of \(known)")
                }
            }
        }
        if !found.contains("output") { mistakes.append("does not say where the video goes: {output} is missing") }
        return mistakes
    }

    private static func placesIn(_ word: String) -> [String] {
        word.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
            piece.firstIndex(of: "}").map { String(piece[..<$0]) }
        }
    }

    /// The words for one video.
    func words(size: PixelSize, rate: Rational, output: String) -> [String] {
        let values = [
            "width": "\(size.width)", "height": "\(size.height)", "rate": "\(rate)",
            "pixels": keepsAlpha ? "rgba" : "rgb24", "odd_width": "\(size.width & 1)",
            "odd_height": "\(size.height & 1)", "output": output,
        ]
        return command.map { word in
            var pieces = word.split(separator: "{", omittingEmptySubsequences: false)[...]
            var filled = pieces.popFirst().map(String.init) ?? ""
            for piece in pieces {
                guard let end = piece.firstIndex(of: "}"), let value = values[String(piece[..<end])] else {
                    filled += "{" + piece
                    continue
                }
                filled += value + piece[piece.index(after: end)...]
            }
            return filled
        }
    }
}
