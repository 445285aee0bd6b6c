import Media
import PixelKernels
import Threads

/// The parts of a picture that no flow carries from one frame to the next, such as a text that another one replaces, or a window
/// that opens. In in-betweens they stay as the earlier frame shows them. A part that takes other colors within edges that stand,
/// such as a button that lights up, fades from one frame to the other.
///
/// A part is a connected component of the cells (`PictureCells`) that change, and of those beside them. With
///
///     R = (|R0 - warp(R1, F01)| + |R1 - warp(R0, F10)|) / 2 |R0 - R1|      what the flows do not find in the other frame
///     E = |grad R(t)| / ((|grad R0| + |grad R1|) / 2)                      the edges that the in-between has kept
///     D = the share of the part's pixels that are flat in both frames      how far it is drawn
///
/// summed over the part, it is held
///
/// - where R is above `Limits.lostText` and the part looks like text: few of its pixels change, and those by much;
/// - where R is above `Limits.lost` and E below `Limits.softened`: flows lead nowhere, and what they make is blurred.
///
/// These hold only if most of the pixels around the part stand still, as a whole picture that moves is a film, and only parts
/// that are drawn and change by more than noise does, or that change by much, as a caption on a film does: a dog that runs, leaves
/// in the wind, the light on a wall look better blended than frozen.
///
/// Between two frames of flat art a part is held wherever R is above `Limits.lost`: a terminal scrolls as a whole, and its letters
/// have no blur. A part of which most was held between the two frames before keeps the verdict a little longer, so that it does
/// not flicker.
///
/// Training/studies/components.py has the numbers. Belongs to one stream; for one size of pictures. One thread at a time.
final class HeldParts {
    /// Limits that belong to a network's weights.
    struct Limits: Sendable {
        let lostText: Float
        let lost: Float
        /// Of an in-between in the middle.
        let softened: Float
    }

    /// The part of the pixels around that stand.
    private static let standing: Float = 0.5
    /// Cells around changed ones that belong to a part.
    private static let reach = 2
    /// Cells around a part that are looked at.
    private static let around = 8
    /// Pixels that change in a part, at least, but in flat art: less than that is noise.
    private static let leastChanged = 64
    /// Text: the part of the pixels that change, at most, and levels by which they do, at least; the same of bold text. The levels
    /// of text are also those of a part that need not be drawn.
    private static let (strokes, contrast): (Float, Float) = (0.3, 45)
    private static let (boldStrokes, boldContrast): (Float, Float) = (0.4, 120)
    /// Drawn parts: levels by which changed pixels change, and the part of the pixels that are flat, at least.
    private static let (distinct, drawn): (Float, Float) = (12, 0.12)
    /// The part of the edges that stand where only colors change, at least, and the pixels that have such edges: two letters may
    /// look alike. The part of a shape that is edges, at most: among the edges of letters and textures many stand by chance.
    private static let (recolored, leastEdges, outline): (Float, Int32, Float) = (0.8, 40, 0.5)
    /// How far the limits move for a part that was held before.
    private static let patience: Float = 0.05
    /// The times of in-betweens that show what is blurred.
    private static let telling: ClosedRange<Float> = 0.2...0.8

    /// Bytes a pixel: sums and flags of the cells, and lists of all of them.
    static let memory = 1 + (PictureCells.memory + CellComponents.memory) / (PictureCells.side * PictureCells.side)

    private let limits: Limits
    private let size: PixelSize
    private let cells: PictureCells
    private var components: CellComponents
    /// The cells that are held between the last two frames, and those before.
    private var held: Set<Int> = []
    private var heldBefore: Set<Int> = []
    /// Those of them that fade.
    private var fading: Set<Int> = []
    private var window: [Int] = []
    private var isDecided = false

    init(_ size: PixelSize, _ limits: Limits) {
        (self.size, self.limits) = (size, limits)
        cells = PictureCells(size)
        components = CellComponents(rows: cells.rows, columns: cells.columns)
    }

    /// Looks at two frames and an in-between: at the first one, and again at the first that tells what is blurred.
    /// - Parameters:
    ///   - window: the numbers of the frames.
    ///   - pictures: the frames, and the in-between at time t.
    ///   - isFlatArt: whether both frames are flat art (`FlatArtGuard`).
    ///   - moving: where they may differ.
    ///   - forEachFound: calls with each part of the first or second frame (0, 1), and what the flows find of it in the other.
    /// - Returns: whether there is anything to hold.
    func find(
        _ window: [Int], _ pictures: PictureCells.Pictures, at t: Float, isFlatArt: Bool, in moving: Region,
        on pool: WorkerPool, forEachFound: (_ index: Int, _ add: (PictureCells.Part) -> Void) -> Void
    ) -> Bool {
        if self.window != window {
            (self.window, heldBefore, isDecided) = (window, held, false)
        } else if isDecided || !Self.telling.contains(t) {
            return !held.isEmpty
        }
        isDecided = Self.telling.contains(t)
        (held, fading) = ([], [])
        cells.addDifferences(pictures, in: moving, on: pool)
        var parts = components.find(reach: Self.reach) { cells.cells[$0].changed > 0 }
            .filter { isFlatArt || standsAround($0) }
        if parts.isEmpty { return false }
        cells.addGradients(pictures, in: moving, on: pool)
        if !isFlatArt {
            parts.removeAll { !mayBeHeld(sums(over: $0)) }
            if parts.isEmpty { return false }
        }
        for index in 0..<2 {
            forEachFound(index) { cells.addLoss(of: $0, pictures, on: pool) }
        }
        for part in parts where isHeld(part, at: t, isFlatArt: isFlatArt) { held.formUnion(part) }
        // Each shape for itself: one of them may do something else.
        for shape in components.find(reach: 0, { cells.cells[$0].changed > 0 && held.contains($0) }) {
            if isRecolored(sums(over: shape)) { fading.formUnion(shape) }
        }
        return !held.isEmpty
    }

    private func sums(over part: [Int]) -> PictureCells.Sums {
        part.reduce(into: PictureCells.Sums()) { $0 += cells.cells[$1] }
    }

    private func mayBeHeld(_ sums: PictureCells.Sums) -> Bool {
        let isDrawn = sums.flatShare > Self.drawn && sums.levels > Self.distinct
        return sums.changed >= Self.leastChanged && (isDrawn || sums.levels > Self.contrast)
    }

    private func isHeld(_ part: [Int], at t: Float, isFlatArt: Bool) -> Bool {
        let sums = sums(over: part)
        let wasHeld = 2 * part.count(where: heldBefore.contains) > part.count
        let patience = wasHeld ? Self.patience : 0
        let lost = sums.loss / max(2 * Float(sums.difference), 1)
        if isText(sums, pixels: pixels(of: part)) && lost > limits.lostText - patience { return true }
        guard lost > limits.lost - patience else { return false }
        if isFlatArt { return true }
        // A frame is not blurred yet at its own time.
        let softened = 1 - (1 - limits.softened - patience) * 4 * t * (1 - t)
        let sharpness = Float(sums.gradient) / max(Float(sums.gradients) / 2, 1)
        return Self.telling.contains(t) && sharpness < softened
    }

    private func isRecolored(_ sums: PictureCells.Sums) -> Bool {
        sums.edges >= Self.leastEdges && Float(sums.edges) < Self.outline * Float(sums.changed)
            && sums.standingShare > Self.recolored
    }

    private func isText(_ sums: PictureCells.Sums, pixels: Float) -> Bool {
        let share = Float(sums.changed) / pixels
        return share < Self.strokes && sums.levels > Self.contrast
            || share < Self.boldStrokes && sums.levels > Self.boldContrast
    }

    private func pixels(of cells: [Int]) -> Float { Float(cells.count * PictureCells.side * PictureCells.side) }

    private func standsAround(_ part: [Int]) -> Bool {
        let near = components.surroundings(of: part, reach: Self.around)
        let changed = near.reduce(0) { $0 + Int(cells.cells[$1].changed) }
        return Float(changed) < (1 - Self.standing) * pixels(of: near)
    }

    /// Puts the earlier frame's pixels in place of an in-between's, wherever they are held, and a mean of both where they fade.
    /// - Parameters:
    ///   - first, second: the frames, R, G, B, A.
    ///   - t: the time of the in-between.
    func hold(_ first: [UInt8], _ second: [UInt8], at t: Float, in pixels: inout [UInt8]) {
        let mean = MeanLevel(at: t)
        for cell in held {
            let (row, column) = cell.quotientAndRemainder(dividingBy: cells.columns)
            let columns = column * PictureCells.side..<min((column + 1) * PictureCells.side, size.width)
            for y in row * PictureCells.side..<min((row + 1) * PictureCells.side, size.height) {
                let bytes = 4 * (y * size.width + columns.lowerBound)..<4 * (y * size.width + columns.upperBound)
                pixels.replaceSubrange(bytes, with: first[bytes])
                guard fading.contains(cell) else { continue }
                for pixel in stride(from: bytes.lowerBound, to: bytes.upperBound, by: 4)
                where first[pixel + 3] == .max && second[pixel + 3] == .max {
                    for byte in pixel..<pixel + 3 { pixels[byte] = mean.of(first[byte], second[byte]) }
                }
            }
        }
    }
}
