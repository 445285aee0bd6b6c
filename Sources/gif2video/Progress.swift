import Media
import Threads

/// Says how far a conversion is: a bar on a terminal, a plain line now and then elsewhere.
final class Progress {
    private let name: String
    private let total: Rational
    private let started = Clock.steady
    private var lastShown = 0.0
    private var pictures = 0
    private var position = Rational.zero

    /// - Parameter total: length of the video in seconds.
    init(name: String, total: Rational) {
        self.name = name
        self.total = total
    }

    /// Called after each picture.
    func update(_ picture: Picture) {
        pictures += 1
        position = picture.start + picture.duration
        let now = Clock.steady
        guard now - lastShown >= (Terminal.columns == nil ? 10 : 0.1) else { return }
        guard Terminal.columns != nil || lastShown > 0 || now - started >= 10 else { return }
        lastShown = now
        show()
    }

    /// Clears the bar.
    func end() {
        if Terminal.columns != nil { Terminal.write("\r\u{1b}[K") }
    }

    /// "31 frames, 93 pictures, 3.10 s of video in 1.72 s (1.80 times real time)"
    func summary(frames: Int) -> String {
        let elapsed = Clock.steady - started
        return
            "\(frames.counted("frame")), \(pictures.counted("picture")), \(Self.fixed(position.value, 2)) s of video in "
            + "\(Self.fixed(elapsed, 2)) s (\(Self.fixed(position.value / max(elapsed, 1e-3), 2)) times real time)"
    }

    private func show() {
        let elapsed = Clock.steady - started
        let share = min(1, position.value / max(total.value, 1e-9))
        let speed = position.value / max(elapsed, 1e-9)
        let left = speed > 0 ? Int(((total - position).value / speed).rounded(.up)) : 0
        let seconds = left % 60 < 10 ? "0\(left % 60)" : "\(left % 60)"
        let facts =
            "\(Self.fixed(position.value, 2)) of \(Self.fixed(total.value, 2)) s  \(pictures.counted("picture"))  "
            + "\(Self.fixed(speed, 2))x  \(max(left, 0) / 60):\(seconds) left"
        guard let columns = Terminal.columns else {
            return Terminal.write("\(name): \(Int(share * 100)) %  \(facts)\n")
        }
        let room = columns - facts.count - 8
        let label = room > 24 ? String(name.suffix(room / 2)) + " " : ""
        let width = max(0, min(30, room - label.count))
        let filled = Int(Double(width) * share)
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        Terminal.write("\r\(label)[\(bar)] \(Int(share * 100))%  \(facts)\u{1b}[K")
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
