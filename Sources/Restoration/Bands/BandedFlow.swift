import Inference
import Media
import PixelKernels
import Threads

/// Network B on large canvases: band by band from the GIF's bytes to both flows, of which two bytes a value are kept.
///
/// Large motion is found on small frames (`CoarseFlow`). Belongs to one stream; for one size of frames. One
/// thread at a time.
final class BandedFlow {
    private let size: PixelSize
    private let slomo: SuperSlomo
    private let plan: UNet.BandPlan
    private let arena: Arena
    private let large: CoarseFlow?
    /// F01 and F10, [2, H, W] each: 0 where nothing moves.
    let f01: PackedPlanes
    let f10: PackedPlanes
    /// The region in which something moves between the two frames: elsewhere the flows are 0.
    var moving: Region
    /// Whether `TranslationFinder` has put a translation in place of some of the flows.
    var isTranslated = false

    /// - Parameters:
    ///   - arena: of `arenaBytes`; used during `estimate` only.
    ///   - memory: in that arena.
    init(_ size: PixelSize, _ slomo: SuperSlomo, band: Int, arena: Arena, in memory: NetworkMemory) {
        (self.size, self.slomo, self.arena) = (size, slomo, arena)
        plan = slomo.flow.bandPlan(height: size.height, width: size.width, band: band)
        // A network's flows lie in [-1, 1]; large motion is four times that, and the rest comes on top.
        let isCoarse = slomo.configuration.coarse == true
        let (shape, range) = (TensorShape(2, size.height, size.width), isCoarse ? Float(CoarseFlow.factor + 1) : 1)
        (f01, f10) = (PackedPlanes(shape, range: range), PackedPlanes(shape, range: range))
        moving = Region(height: size.height, width: size.width)
        large = CoarseFlow(height: size.height, width: size.width, slomo) {
            slomo.flow.makeState(height: $0, width: $1, band: band, in: memory)
        }
    }

    /// Bytes a pixel of the flows.
    static let memory = 2 * 2 * MemoryLayout<Int16>.stride

    /// Bytes of the arena.
    static func arenaBytes(_ slomo: SuperSlomo, _ size: PixelSize, band: Int) -> Int {
        let plan = slomo.flow.bandPlan(height: size.height, width: size.width, band: band)
        func part(_ channels: Int, around reach: Int = 0) -> Int {
            Arena.bytes(of: TensorShape(channels, min(plan.inputRows + 2 * reach, size.height), size.width))
        }
        if slomo.configuration.coarse != true { return plan.byteCount }
        // The coarse flow around, the frame that is warped, and the flow's small part.
        return plan.byteCount + part(2, around: slomo.coarseReach + CoarseFlow.factor) + part(2)
            + part(3, around: slomo.largestReach) + part(1, around: slomo.coarseReach + 4 * CoarseFlow.factor)
    }

    /// Finds both flows between two frames.
    func estimate(_ a: FrameInput, _ b: FrameInput, on pool: WorkerPool) {
        arena.reset()
        let operations = PixelOperations(on: pool)
        for flow in [f01, f10] { flow.clear(in: moving) }
        moving = ChangeMargin.affected(by: a.differences(from: b))
        if moving.isEmpty { return }
        if let large = largeMotion(a, b, operations) {
            findRest(of: large.f01, a, b, isFirst: true, operations)
            findRest(of: large.f10, b, a, isFirst: false, operations)
        } else {
            find(a, b, operations)
        }
    }

    /// The network alone.
    private func find(_ a: FrameInput, _ b: FrameInput, _ operations: PixelOperations) {
        run(operations) { rows, input in
            a.load(rows, into: input.tensor[0..<3])
            b.load(rows, into: input.tensor[3..<6])
        } take: { rows, found in
            f01.store(found.tensor[0..<2], at: rows.lowerBound, in: moving, on: operations.pool)
            if slomo.findsBoth { f10.store(found.tensor[2..<4], at: rows.lowerBound, in: moving, on: operations.pool) }
        }
        if slomo.findsBoth { return }
        run(operations) { rows, input in
            b.load(rows, into: input.tensor[0..<3])
            a.load(rows, into: input.tensor[3..<6])
        } take: { rows, found in
            f10.store(found, at: rows.lowerBound, in: moving, on: operations.pool)
        }
    }

    private func run(
        _ operations: PixelOperations, fill: (_ rows: Range<Int>, _ input: TensorView) -> Void,
        take: (_ rows: Range<Int>, _ found: TensorView) -> Void
    ) {
        slomo.flow.forward(plan, in: arena, needed: moving, on: operations.pool, fill: fill) { rows, answer in
            operations.tanh(answer, in: moving.part(rows))
            take(rows, answer)
        }
    }

    /// One of both flows where large motion was found: that, and what is left of it between a frame and the other one, warped
    /// to it.
    /// - Parameters:
    ///   - coarse: [2, H / 4, W / 4].
    ///   - still, moved: the frames; the second one is warped.
    ///   - isFirst: whether the flow is F01.
    private func findRest(
        of coarse: TensorView, _ still: FrameInput, _ moved: FrameInput, isFirst: Bool, _ operations: PixelOperations
    ) {
        arena.reset()
        let scale = slomo.configuration.maxFlow
        // A network that finds one flow finds that from its first frame to its second.
        let isInOrder = isFirst || !slomo.findsBoth
        run(operations) { rows, input in
            let mark = arena.used
            defer { arena.reset(to: mark) }
            still.load(rows, into: input.tensor[isInOrder ? 0..<3 : 3..<6])
            let motion = enlarge(coarse, rows, operations)
            let source = size.rows(rows, grownBy: slomo.reach(of: motion, operations))
            let picture = arena.tensor(3, source.count, size.width).view
            moved.load(source, into: picture)
            operations.backwarp(
                picture, by: motion, scale: scale, into: input.tensor[isInOrder ? 3..<6 : 0..<3],
                from: rows.lowerBound - source.lowerBound)
        } take: { rows, found in
            let mark = arena.used
            defer { arena.reset(to: mark) }
            let (rest, part) = (isInOrder ? found.tensor[0..<2] : found.tensor[2..<4], moving.part(rows))
            let source = size.rows(rows, grownBy: slomo.coarseReach)
            let motion = enlarge(coarse, source, operations)
            let sum = arena.tensor(2, rows.count, size.width).view
            operations.backwarp(
                motion, by: rest, scale: scale, into: sum, from: rows.lowerBound - source.lowerBound, in: part)
            operations.scaledSum(1, sum, 1, rest, into: sum, in: part)
            (isFirst ? f01 : f10).store(sum, at: rows.lowerBound, in: moving, on: operations.pool)
        }
    }

    /// The large part of the motion between two frames, both flows, [2, H / 4, W / 4] each; nil if there is little.
    private func largeMotion(
        _ a: FrameInput, _ b: FrameInput, _ operations: PixelOperations
    ) -> (f01: TensorView, f10: TensorView)? {
        guard let large else { return nil }
        load(a, 0, into: large, operations)
        load(b, 1, into: large, operations)
        return large.find(in: moving, on: operations.pool) ? large.flows : nil
    }

    /// A frame for the search for large motion, some rows at a time.
    private func load(_ frame: FrameInput, _ index: Int, into large: CoarseFlow, _ operations: PixelOperations) {
        // A multiple of `CoarseFlow.factor`.
        let step = 64
        let mark = arena.used
        for first in stride(from: 0, to: size.height, by: step) {
            defer { arena.reset(to: mark) }
            let rows = first..<min(first + step, size.height)
            let strip = arena.tensor(3, rows.count, size.width)
            frame.load(rows, into: strip.view)
            large.load(strip.view, at: first, of: index, operations)
        }
    }

    /// Rows of a coarse flow at the size of the frames, in the arena.
    private func enlarge(_ coarse: TensorView, _ rows: Range<Int>, _ operations: PixelOperations) -> TensorView {
        let target = arena.tensor(2, rows.count, size.width).view
        operations.enlargeByFour(coarse, rows: rows, of: size.height, into: target)
        return target
    }
}

extension SuperSlomo {
    /// Whether network B finds the flows of both directions at once.
    var findsBoth: Bool { configuration.flow.outputs == 4 }
    /// Pixels by which the rest of a motion, which lies in [-1, 1], may move a sample.
    var coarseReach: Int { Int(configuration.maxFlow.rounded(.up)) + 2 }
    /// Pixels by which any flow may.
    var largestReach: Int { (CoarseFlow.factor + 2) * Int(configuration.maxFlow.rounded(.up)) + 2 }

    /// Pixels by which a flow moves samples, at most.
    func reach(of flow: TensorView, _ operations: PixelOperations) -> Int {
        let most = (operations.largestMagnitude(of: flow) * configuration.maxFlow).rounded(.up) + 2
        return most < Float(largestReach) ? Int(most) : largestReach
    }
}

extension PixelSize {
    /// Rows, and those around that are at most `reach` away.
    func rows(_ rows: Range<Int>, grownBy reach: Int) -> Range<Int> {
        max(rows.lowerBound - reach, 0)..<min(rows.upperBound + reach, height)
    }
}
