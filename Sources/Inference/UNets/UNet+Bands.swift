public import PixelKernels
public import Threads

/// Large pictures: they go through a network in bands of rows, so that of its input, its maps and its output a few rows are in
/// memory at once. The result is the same: Winograd blocks lie in the same places, and nothing is computed twice.
extension UNet {
    /// The memory that a network takes for pictures of one size that go through it in bands. Immutable.
    public struct BandPlan: Sendable {
        let height: Int
        let width: Int
        /// Rows of a band.
        let band: Int
        let workers: Int
        let layouts: CompactUNet.MapLayouts
        let scratch: ScratchSize
        fileprivate let inputShape: TensorShape
        fileprivate let outputShape: TensorShape

        /// The rows of each band.
        public var bands: [Range<Int>] {
            stride(from: 0, to: height, by: band).map { $0..<min($0 + band, height) }
        }

        /// Rows that it asks for at once, at most.
        public var inputRows: Int { inputShape.height }

        /// Bytes of an arena.
        public var byteCount: Int {
            (layouts.maps + layouts.wholes.compactMap(\.self)).reduce(0) { $0 + Arena.rounded($1.byteCount) }
                + Arena.rounded(Workspace.bytes(workers: workers, need: scratch)) + Arena.bytes(of: inputShape)
                + Arena.bytes(of: outputShape)
        }
    }

    /// Rows of a band: few take less memory, many have more work for all threads.
    public static let bandRows = 128

    /// A picture with more pixels is large, and goes through in bands.
    public static let largeArea = 2_000_000

    /// Whether pictures can go through it in bands: not through the networks of the paper.
    public var hasBands: Bool {
        if case .shuffle = network { true } else { false }
    }

    /// - Parameters:
    ///   - height, width: in pixels.
    ///   - band: rows of a band, a multiple of 8.
    public func bandPlan(
        height: Int, width: Int, band: Int = UNet.bandRows, workers: Int = WorkerPool.processors
    ) -> BandPlan {
        precondition(band > 0 && band % 8 == 0, "bands of \(band) rows")
        let layouts = compact.bandLayouts(height: height, width: width, band: band)
        return BandPlan(
            height: height, width: width, band: band, workers: workers, layouts: layouts,
            scratch: compact.scratchNeed(for: layouts, workers: workers),
            // The rows of a band, and those that convolutions read beyond on either side.
            inputShape: TensorShape(configuration.inputs, min(band + 4, height), width),
            outputShape: TensorShape(configuration.outputs, min(band, height), width))
    }

    /// Makes what is needed of the output, band by band.
    /// - Parameters:
    ///   - arena: the network's memory, as large as the plan says, is taken from it and given back.
    ///   - needed: in whole squares of 2 x 2 pixels; nil: all.
    ///   - fill: writes rows of the input, which are not in order, and of which some are asked for twice.
    ///   - take: is given the output's rows of a band; values that are not needed are arbitrary.
    public func forward(
        _ plan: BandPlan, in arena: Arena, needed: Region? = nil, on pool: WorkerPool,
        fill: (_ rows: Range<Int>, _ input: TensorView) -> Void,
        take: (_ rows: Range<Int>, _ output: TensorView) -> Void
    ) {
        let mark = arena.used
        defer { arena.reset(to: mark) }
        let needed = needed ?? .all(height: plan.height, width: plan.width)
        let maps = CompactUNet.BandMaps(compact, plan.layouts, in: arena)
        let execution = Execution(
            kernels: kernels.table, workspace: Workspace(workers: plan.workers, need: plan.scratch, in: arena),
            pool: pool)
        let input = arena.part(plan.inputShape)
        let output = arena.part(plan.outputShape)
        for rows in plan.bands {
            let part = needed.rows(rows)
            if part.isEmpty { continue }
            maps.forward(needed: part, chunk: plan.band / 2, execution) { rows in
                let view = input.rows(rows.count)
                fill(rows, view)
                return view
            }
            let answer = output.rows(rows.count)
            maps.store(rows, into: answer, execution)
            take(rows, answer)
        }
    }

    private var compact: CompactUNet {
        guard case .shuffle(let network) = network else { preconditionFailure("a network of the paper in bands") }
        return network
    }
}
