import Media

/// The palettes that painted the pixels of a canvas, by number.
///
/// Equal palettes share a number. A number is given away again once no pixel of the canvas, of the kept rectangle
/// (disposal 3) and of the last published frame has it: an endless stream of local palettes needs no more memory than
/// one canvas, and between two published frames that follow each other a number means one palette.
final class PaletteSlots {
    /// Numbers there are for palettes: 1 ... 65,535. 0 is an unpainted pixel.
    static let maxCount = Int(UInt16.max)

    /// Pixels of the canvas by palette number; the canvas counts. Valid until `number(of:)` is called.
    private(set) var shown: UnsafeMutablePointer<Int>
    /// Pixels of the kept rectangle by palette number; the canvas counts. Valid as `shown` is.
    private(set) var kept: UnsafeMutablePointer<Int>
    /// Numbers that both have room for: most GIFs have few palettes.
    private var capacity = 64

    private var palettes: [Palette?] = [nil]
    private var numbers: [Palette: UInt16] = [:]
    private var free: [UInt16] = []
    private var published: [Palette?] = [nil]
    /// How many numbers there may be before unused ones are looked for: twice those in use, so that looking costs little.
    private var sweepAt = 16

    init() {
        (shown, kept) = (.allocate(capacity: capacity), .allocate(capacity: capacity))
        shown.initialize(repeating: 0, count: capacity)
        kept.initialize(repeating: 0, count: capacity)
    }

    deinit {
        shown.deallocate()
        kept.deallocate()
    }

    /// The number of the palette, a new one where it has none yet; nil when all numbers are in use.
    func number(of palette: Palette) -> UInt16? {
        if let number = numbers[palette] { return number }
        if free.isEmpty && (palettes.count >= sweepAt || palettes.count > Self.maxCount) { sweep() }
        let number: UInt16
        if let recycled = free.popLast() {
            number = recycled
            palettes[Int(number)] = palette
        } else {
            guard palettes.count <= Self.maxCount else { return nil }
            if palettes.count == capacity { grow() }
            number = UInt16(palettes.count)
            palettes.append(palette)
        }
        numbers[palette] = number
        return number
    }

    /// Makes room for twice as many numbers.
    private func grow() {
        func grown(_ counts: UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<Int> {
            let more = UnsafeMutablePointer<Int>.allocate(capacity: 2 * capacity)
            more.moveInitialize(from: counts, count: capacity)
            (more + capacity).initialize(repeating: 0, count: capacity)
            counts.deallocate()
            return more
        }
        (shown, kept) = (grown(shown), grown(kept))
        capacity *= 2
    }

    /// The palettes whose pixels the canvas shows now, by number: what a frame carries.
    func publish() -> [Palette?] {
        let last = palettes.indices.last { shown[$0] > 0 && palettes[$0] != nil } ?? 0
        let current = (0...last).map { shown[$0] > 0 ? palettes[$0] : nil }
        if !current.elementsEqual(published, by: { $0 === $1 }) { published = current }
        return published
    }

    /// Frees the numbers that no pixel has.
    private func sweep() {
        for number in palettes.indices.dropFirst() where shown[number] == 0 && kept[number] == 0 {
            guard let palette = palettes[number], number >= published.count || published[number] == nil else {
                continue
            }
            numbers[palette] = nil
            palettes[number] = nil
            free.append(UInt16(number))
        }
        sweepAt = max(16, 2 * (palettes.count - free.count))
    }
}
