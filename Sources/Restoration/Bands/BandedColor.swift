import Inference
import Media
import PixelKernels
import Threads

/// Network A on large canvases: band by band from the GIF's bytes to the estimate, of which two bytes a value are kept.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class BandedColor {
    private let size: PixelSize
    private let band: Int
    /// Of networks, by their configuration.
    private var plans: [UNetConfiguration: UNet.BandPlan] = [:]
    private let arena: Arena
    private var history: ColorHistory
    /// The choices that the last estimate was made with: the network for dithered GIFs or the other one, and its step.
    private var last: (isDithered: Bool, isStepped: Bool)?
    /// The first network's last estimate, which the step sees around what has changed.
    /// In full: a color halfway between two of a palette is nearest to one of them, and the step sees to which.
    private lazy var begun = Tensor(3, size.height, size.width)
    /// The last estimate, before flat art was looked for.
    let estimate: PackedPlanes

    /// The frames that an estimate is made of.
    struct Source {
        let frame: FrameInput
        /// The GIF's frames before and after, and the restored frame before; nil where there is none.
        var before: FrameInput?
        var after: FrameInput?
        var past: PackedPlanes?
    }

    /// - Parameter arena: of `arenaBytes`; used during calls only.
    init(_ size: PixelSize, band: Int, arena: Arena) {
        (self.size, self.band, self.arena) = (size, band, arena)
        history = ColorHistory(height: size.height, width: size.width)
        estimate = PackedPlanes(TensorShape(3, size.height, size.width))
    }

    /// Bytes a pixel of what is kept.
    static func memory(hasStep: Bool) -> Int {
        3 * MemoryLayout<Int16>.stride + (hasStep ? 3 * MemoryLayout<Float>.stride : 0) + MemoryLayout<UInt16>.stride
    }

    /// Bytes of the arena that the estimates of a network need.
    static func arenaBytes(_ net: CCDNet, _ size: PixelSize, band: Int) -> Int {
        let networks = [net.first, net.step].compactMap(\.self)
        return networks.reduce(0) {
            let plan = $1.bandPlan(height: size.height, width: size.width, band: band)
            return max($0, plan.byteCount + Rows.arenaBytes(plan.inputRows, size.width))
        }
    }

    /// Rows of what the networks' inputs are made of.
    private struct Rows {
        let colors: [Arena.Part]
        let radius: Arena.Part

        init(_ count: Int, _ width: Int, in arena: Arena) {
            colors = (0..<4).map { _ in arena.part(TensorShape(3, count, width)) }
            radius = arena.part(TensorShape(1, count, width))
        }

        static func arenaBytes(_ count: Int, _ width: Int) -> Int {
            4 * Arena.bytes(of: TensorShape(3, count, width)) + Arena.bytes(of: TensorShape(1, count, width))
        }

        /// The frame itself.
        func load(_ rows: Range<Int>, of frame: FrameInput) -> CCDNet.Input {
            let (gif, radius) = (colors[0].rows(rows.count), radius.rows(rows.count))
            frame.load(rows, into: gif)
            frame.loadRadius(rows, into: radius)
            return CCDNet.Input(
                gif: SequenceFrame(gif), radius: radius, palettes: frame.palettes, ids: frame.ids(rows))
        }
    }

    /// Estimates the picture that was quantized, near what has changed since the last estimate; elsewhere that stays
    /// (`ChangeMargin`).
    /// - Parameters:
    ///   - input: its views of frames are not read, their numbers are.
    ///   - isDithered: whether the network is that for dithered GIFs.
    ///   - artGuard: measures the estimate.
    /// - Returns: where the estimate, the frame or its radius may differ from those of the last call.
    func restore(
        _ source: Source, _ input: CCDNet.Input, _ net: CCDNet, isDithered: Bool, takesStep: Bool,
        measuring artGuard: FlatArtGuard, on pool: WorkerPool
    ) -> Region {
        // A frame that the network does not see is no reason for another estimate.
        var input = input
        if !net.layout.contains(.before) { input.before = nil }
        if !net.layout.contains(.after) { input.after = nil }
        let seen = history.note(input)
        var frames = history.repainted(input.palettes.table, input.ids)
        frames.formUnion(seen.frames ?? .all(height: size.height, width: size.width))
        let all = Region.all(height: size.height, width: size.width)
        let affected = last?.isDithered == isDithered ? ChangeMargin.affected(by: frames) : all
        let isStepped = takesStep && net.hasStep
        // With or without the step, other than last time, everything is another.
        let changed = last?.isStepped == isStepped ? affected : all
        last = (isDithered, isStepped)
        begin(source, net, in: affected, on: pool) { rows, answer in
            if net.hasStep {
                begun.view.copy(answer, toRow: rows.lowerBound, in: affected, on: pool)
            } else {
                estimate.store(answer, at: rows.lowerBound, in: affected, on: pool)
            }
        }
        if isStepped {
            correct(source.frame, net, in: changed, on: pool)
        } else if net.hasStep {
            estimate.store(begun.view, at: 0, in: changed, on: pool)
        }
        measure(source.frame, artGuard, in: changed, on: pool)
        return changed
    }

    /// Estimates a frame by itself, without a step, for the classifier; what `restore` knows stays.
    func look(_ frame: FrameInput, _ net: CCDNet, into target: PackedPlanes, on pool: WorkerPool) {
        begin(Source(frame: frame), net, in: .all(height: size.height, width: size.width), on: pool) {
            target.store($1, at: $0.lowerBound, on: pool)
        }
    }

    private func plan(for network: UNet) -> UNet.BandPlan {
        let plan =
            plans[network.configuration]
            ?? network.bandPlan(height: size.height, width: size.width, band: band)
        plans[network.configuration] = plan
        return plan
    }

    /// The first network's estimate.
    /// - Parameter keep: is given rows of it.
    private func begin(
        _ source: Source, _ net: CCDNet, in region: Region, on pool: WorkerPool,
        keep: (_ rows: Range<Int>, _ estimate: TensorView) -> Void
    ) {
        arena.reset()
        let operations = PixelOperations(on: pool)
        let plan = plan(for: net.first)
        let room = Rows(plan.inputRows, size.width, in: arena)
        net.first.forward(plan, in: arena, needed: region, on: pool) { rows, values in
            var input = room.load(rows, of: source.frame)
            func load(_ name: ColorInput, _ index: Int, _ fill: ((TensorView) -> Void)?) -> SequenceFrame? {
                guard net.layout.contains(name), let fill else { return nil }
                let view = room.colors[index].rows(rows.count)
                fill(view)
                return SequenceFrame(view)
            }
            input.before = load(.before, 1, source.before.map { frame in { frame.load(rows, into: $0) } })
            input.after = load(.after, 2, source.after.map { frame in { frame.load(rows, into: $0) } })
            input.past = load(.past, 3, source.past.map { past in { past.load(rows, into: $0, on: pool) } })
            net.fillFirst(values.tensor, input, operations)
        } take: { rows, answer in
            let gif = room.colors[0].rows(rows.count)
            source.frame.load(rows, into: gif)
            net.form.begin(answer, gif: gif, in: region.part(rows), operations)
            keep(rows, answer)
        }
    }

    /// The step from the first estimate to the last one.
    private func correct(_ frame: FrameInput, _ net: CCDNet, in region: Region, on pool: WorkerPool) {
        guard let step = net.step else { preconditionFailure("a network without a step") }
        arena.reset()
        let operations = PixelOperations(on: pool)
        let plan = plan(for: step)
        let room = Rows(plan.inputRows, size.width, in: arena)
        func loadBegun(_ rows: Range<Int>) -> TensorView {
            let view = room.colors[1].rows(rows.count)
            view.copyRows(rows, of: begun.view, on: pool)
            return view
        }
        step.forward(plan, in: arena, needed: region, on: pool) { rows, values in
            net.fillStep(
                values.tensor, estimate: loadBegun(rows), room.load(rows, of: frame),
                in: .all(height: rows.count, width: size.width), operations)
        } take: { rows, answer in
            net.form.correct(loadBegun(rows), by: answer, in: region.part(rows), operations)
            estimate.store(answer, at: rows.lowerBound, in: region, on: pool)
        }
    }

    /// Has the guard measure what is kept.
    private func measure(_ frame: FrameInput, _ artGuard: FlatArtGuard, in region: Region, on pool: WorkerPool) {
        arena.reset()
        let (height, blockSize) = (size.height, FlatArtGuard.blockSize)
        let step = max(band / blockSize, 1) * blockSize
        let room = Rows(min(step, height), size.width, in: arena)
        for first in stride(from: 0, to: height, by: step) {
            let rows = first..<min(first + step, height)
            let part = region.part(rows)
            if part.isEmpty { continue }
            let input = room.load(rows, of: frame)
            let own = room.colors[1].rows(rows.count)
            estimate.load(rows, into: own, on: pool)
            artGuard.measure(
                own, gif: input.gif.values, radius: input.radius, atRow: first / blockSize, in: part, on: pool)
        }
    }
}
