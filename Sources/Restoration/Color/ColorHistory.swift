import Glibc
import PixelKernels

/// The frames and palettes that a CCDNet's last estimate was made of, of one size: only what has changed since is estimated
/// anew.
struct ColorHistory {
    private let height: Int
    private let width: Int
    /// The palettes of the last frame and each pixel's.
    private var palettes: PaletteTable?
    private var ids: [UInt16] = []
    /// The frames, by number.
    private var seen: Seen?

    private struct Seen {
        let gif: Int?
        /// nil: there is none, and the frame itself takes its place, so that they do not differ.
        let before: Int?
        let after: Int?
        let past: Int?
        let hasPast: Bool
    }

    init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

    /// The next estimate is of all pixels, whatever was seen.
    mutating func startOver() { palettes = nil }

    /// Notes the frames that the input is made of from now on.
    /// - Returns: where the GIF's frames, and how the past differs from them, may differ from what the input was made of;
    ///   nil: anywhere.
    mutating func note(_ input: CCDNet.Input) -> (frames: Region?, past: Region?) {
        let (gif, last) = (input.gif, seen)
        let (before, after) = (input.before ?? gif, input.after ?? gif)
        seen = Seen(
            gif: gif.number, before: before.number, after: after.number, past: input.past?.number,
            hasPast: input.past != nil)
        guard let last, let own = gif.changes(since: last.gif), let earlier = before.changes(since: last.before),
            let later = after.changes(since: last.after)
        else { return (nil, nil) }
        var frames = own
        frames.formUnion(earlier)
        frames.formUnion(later)
        // Without the past nothing of it differs.
        var past: Region? = last.hasPast == (input.past != nil) ? own : nil
        if let given = input.past {
            if let changed = given.changes(since: last.past) { past?.formUnion(changed) } else { past = nil }
        }
        return (frames, past)
    }

    /// Notes the pixels' palettes.
    /// - Returns: which pixels had another one.
    mutating func repainted(_ palettes: PaletteTable, _ new: [UInt16]) -> Region {
        defer { self.palettes = palettes }
        guard let known = self.palettes, ids.count == new.count else {
            ids = new
            return .all(height: height, width: width)
        }
        let replaced = known === palettes ? [] : palettes.differences(from: known)
        var region = Region(height: height, width: width)
        new.withUnsafeBufferPointer { new in
            ids.withUnsafeMutableBufferPointer { old in
                for row in 0..<height {
                    let range = row * width..<(row + 1) * width
                    if replaced.isEmpty && Self.areEqual(old, new, range) { continue }
                    let differs = { (at: Int) in old[at] != new[at] || replaced.contains(new[at]) }
                    guard let first = range.first(where: differs), let last = range.last(where: differs)
                    else { continue }
                    region.insert(
                        rows: row..<row + 1, columns: first - range.lowerBound..<last + 1 - range.lowerBound)
                    for at in first...last { old[at] = new[at] }
                }
            }
        }
        return region
    }

    private static func areEqual(
        _ a: UnsafeMutableBufferPointer<UInt16>, _ b: UnsafeBufferPointer<UInt16>, _ range: Range<Int>
    ) -> Bool {
        guard let a = a.baseAddress, let b = b.baseAddress else { return true }
        return memcmp(a + range.lowerBound, b + range.lowerBound, range.count * MemoryLayout<UInt16>.stride) == 0
    }
}
