import Media

/// The command line of an encoder, with places for what differs from video to video. No shell is involved.
///
/// The command reads raw pictures from its standard input, `rgb24` or `rgba`, one after the other. Places in its words:
/// `{width}`, `{height}`, `{rate}` (a fraction), `{pixels}` (rgb24 or rgba), `{odd_width}` and `{odd_height}` (1 where
/// the side is odd, else 0), `{output}` (the file to write).
public struct EncoderTemplate: Hashable, Sendable {
    /// The program, found in PATH, and its arguments.
    public let command: [String]
    /// Whether it gets `rgba`.
    public let keepsAlpha: Bool

    private static let places: Set = ["width", "height", "rate", "pixels", "odd_width", "odd_height", "output"]

    /// - Parameter command: without `mistakes`.
    public init(command: [String], keepsAlpha: Bool) {
        precondition(Self.mistakes(in: command).isEmpty, "a template is checked before it is made")
        self.command = command
        self.keepsAlpha = keepsAlpha
    }

    /// What is wrong with a command line, as sentences.
    public static func mistakes(in command: [String]) -> [String] {
        guard let program = command.first, !program.isEmpty else { return ["has no program"] }
        var mistakes: [String] = []
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
