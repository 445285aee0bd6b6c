import Filesystem
import Media
import Threads

/// Says how far a command is with all its GIFs: a bar on a terminal, a plain line every ten seconds elsewhere. No colors.
final class Progress {
    /// One GIF's part of the work.
    private struct Piece {
        let weight: Double
        /// 0 to 1.
        var share = 0.0
        var pictures = 0
        /// Of video, made so far.
        var seconds = 0.0
        var isOver = false
    }

    private let started = Clock.steady
    private var lastShown = 0.0
    private var pieces: [Piece]
    private var current = ""

    /// - Parameter weights: how much work every GIF is, in any unit.
    init(weights: [Double]) {
        pieces = weights.map { Piece(weight: max($0, 1)) }
    }

    /// A GIF has come so far.
    /// - Parameters:
    ///   - piece: index of its weight.
    ///   - share: of its pictures that are made, 0 to 1.
    ///   - seconds: of video that are made; 0 where nobody knows.
    func update(_ piece: Int, name: String, share: Double, pictures: Int, seconds: Double) {
        pieces[piece].share = max(0, min(1, share))
        pieces[piece].pictures = pictures
        pieces[piece].seconds = seconds
        current = name
        let now = Clock.steady
        guard now - max(lastShown, Terminal.columns == nil ? started : 0) >= (Terminal.columns == nil ? 10 : 0.1) else {
            return
        }
        lastShown = now
        show()
    }

    /// A GIF is done, or cannot be.
    func finish(_ piece: Int) {
        pieces[piece].share = 1
        pieces[piece].isOver = true
    }

    /// Takes the bar away, so that a message can stand in its place.
    func clear() {
        if Terminal.columns != nil { Terminal.write("\r\u{1b}[K") }
    }

    var elapsed: Double { Clock.steady - started }

    /// "93 pictures, 3.10 s of video in 1.72 s (1.80 times real time)"
    static func summary(pictures: Int, seconds: Double, elapsed: Double) -> String {
        "\(pictures.counted("picture")), \(fixed(seconds, 2)) s of video in \(fixed(elapsed, 2)) s "
            + "(\(fixed(seconds / max(elapsed, 1e-3), 2)) times real time)"
    }

    /// "93 pictures, 3.10 s ..." of all GIFs.
    var summary: String {
        Self.summary(
            pictures: pieces.reduce(0) { $0 + $1.pictures }, seconds: pieces.reduce(0) { $0 + $1.seconds },
            elapsed: elapsed)
    }

    private func show() {
        let share =
            pieces.reduce(0) { $0 + $1.weight * $1.share } / max(pieces.reduce(0) { $0 + $1.weight }, 1e-9)
        let facts = facts(share: share)
        let percent = "\(Int(share * 100))"
        guard let columns = Terminal.columns else {
            return Terminal.write("gif2video: \(percent) %  \(facts)  (\(current.printable))\n")
        }
        let room = columns - facts.count - 9
        let label = room > 24 ? TextWidth.suffix(current.printable, columns: room / 2) + " " : ""
        let width = max(0, min(30, room - TextWidth.of(label)))
        let filled = Int(Double(width) * share)
        let bar = "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "] "
        // A line that is longer than the terminal could not be cleared.
        let line = "\(percent)%  \(facts)".prefix(columns - 1)
        Terminal.write("\r\(label)\(width > 0 ? bar : "")\(line)\u{1b}[K")
    }

    /// "3 of 12 GIFs  512 pictures  1.20x  2:31 left"
    private func facts(share: Double) -> String {
        let (pictures, seconds) = (pieces.reduce(0) { $0 + $1.pictures }, pieces.reduce(0) { $0 + $1.seconds })
        var facts: [String] = []
        if pieces.count > 1 { facts.append("\(pieces.count { $0.isOver }) of \(pieces.count.counted("GIF"))") }
        facts.append(pictures.counted("picture"))
        if seconds > 0 { facts.append("\(Self.fixed(seconds / max(elapsed, 1e-9), 2))x") }
        if share > 0 { facts.append("\(Self.clock(elapsed * (1 - share) / share)) left") }
        return facts.joined(separator: "  ")
    }

    /// "2:31", "1:02:31"
    static func clock(_ seconds: Double) -> String {
        let seconds = Int(min(seconds.rounded(.up), 1e9))
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0
            ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }

    /// With a fixed number of decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
    }
}
