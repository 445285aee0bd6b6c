import Inference
import Media
import PixelKernels
import Threads

/// The way from a large canvas' estimate to its picture, band by band of rows: flat art, the temporal filter, bytes.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class BandedFilter {
    /// Rows of a band, and those above and below that it sees: whole blocks of the filter.
    private static let band = 16 * TemporalFilter.block
    private static let around = TemporalFilter.block

    private let size: PixelSize
    private let arena: Arena
    private let filter: TemporalFilter

    /// The two maps that are kept of a restored frame, [3, H, W] each: its estimate, with the GIF's own colors where it is flat
    /// art, and what the filter made of it.
    struct Results {
        let estimate: PackedPlanes
        let restored: PackedPlanes

        init(_ size: PixelSize) {
            let shape = TensorShape(3, size.height, size.width)
            (estimate, restored) = (PackedPlanes(shape), PackedPlanes(shape))
        }

        /// Bytes a pixel.
        static let memory = 2 * 3 * MemoryLayout<Int16>.stride
    }

    /// - Parameter arena: of `arenaBytes`; used during calls only.
    init(_ size: PixelSize, arena: Arena) {
        (self.size, self.arena) = (size, arena)
        filter = TemporalFilter(height: Self.most(size), width: size.width)
    }

    private static func most(_ size: PixelSize) -> Int { min(band + 2 * around, size.height) }

    /// Bytes of the arena.
    static func arenaBytes(_ size: PixelSize) -> Int {
        5 * Arena.bytes(of: TensorShape(3, most(size), size.width))
            + Arena.bytes(of: TensorShape(1, most(size), size.width))
    }

    /// Rows, and those that are looked at for them.
    private struct Band {
        let rows: Range<Int>
        let seen: Range<Int>
        /// `rows`, counted from the first that is seen.
        var place: Range<Int> { rows.lowerBound - seen.lowerBound..<rows.upperBound - seen.lowerBound }
    }

    private var bands: [Band] {
        stride(from: 0, to: size.height, by: Self.band).map { first in
            let end = min(first + Self.band, size.height)
            return Band(rows: first..<end, seen: max(first - Self.around, 0)..<min(end + Self.around, size.height))
        }
    }

    /// Blends an estimate with the GIF's own frame where that is flat art, and keeps pixels in the cells of their colors.
    /// - Parameters:
    ///   - cellSize: the part of the cells that they are kept in; nil: they may leave them.
    ///   - past: what this made of the frame before; nil: of another scene, or none.
    ///   - changed: where the result may differ from that; nil: anywhere.
    func finish(
        _ estimate: PackedPlanes, _ frame: FrameInput, _ artGuard: FlatArtGuard, cellSize: Float?, past: PackedPlanes?,
        changed: Region?, into target: PackedPlanes, on pool: WorkerPool
    ) {
        guard artGuard.isAtWork || cellSize != nil else { return target.copyRows(0..<size.height, of: estimate) }
        for band in bands {
            if let past, let changed, changed.columns(of: band.rows).isEmpty {
                target.copyRows(band.rows, of: past)
                continue
            }
            arena.reset()
            let (own, gif) = (colors(band.rows), colors(band.rows))
            estimate.load(band.rows, into: own, on: pool)
            frame.load(band.rows, into: gif)
            artGuard.blend(own, gif: gif, rows: band.rows, on: pool)
            if let cellSize { keepInCells(own, gif, band.rows, of: frame, size: cellSize, on: pool) }
            target.store(own, at: band.rows.lowerBound, on: pool)
        }
    }

    /// Filters an estimate.
    /// - Parameters:
    ///   - results: of the frame, with its estimate.
    ///   - past: of the frame before; of the same scene.
    ///   - changed: where estimate or frame may differ from those of the past; nil: anywhere.
    ///   - keepsInCells: whether pixels are kept in the cells of the frame's colors.
    func apply(
        to results: Results, _ frame: FrameInput, past: Results, changed: Region?,
        how filtering: TemporalFilter.Filtering, keepsInCells: Bool, on pool: WorkerPool
    ) {
        func isStill(_ band: Band) -> Bool {
            changed.map { $0.columns(of: band.seen).isEmpty } ?? false
        }
        let moving = bands.filter { !isStill($0) }
        let filtered = changed?.wholeRows
        let noise = filtering.isFixed ? nil : noise(moving, results, frame, past, on: pool)
        for band in bands where isStill(band) { results.restored.copyRows(band.rows, of: past.restored) }
        for band in moving {
            let views = load(band, results, frame, past, on: pool)
            let restored = colors(band.seen)
            filter.apply(
                toBand: views.estimate, gif: views.gif, past: views.past, noise: noise, how: filtering, into: restored,
                on: pool)
            if keepsInCells {
                let part = filtered.map { $0.part(band.seen) }
                keepInCells(restored, views.gif, band.seen, of: frame, size: 1, in: part, on: pool)
            }
            results.restored.store(
                restored, at: band.seen.lowerBound, in: Region(rows: band.rows, of: size), on: pool)
        }
    }

    private func keepInCells(
        _ restored: TensorView, _ gif: TensorView, _ rows: Range<Int>, of frame: FrameInput, size cellSize: Float,
        in region: Region? = nil, on pool: WorkerPool
    ) {
        let radius = arena.tensor(1, rows.count, size.width).view
        frame.loadRadius(rows, into: radius)
        frame.ids(rows).withUnsafeBufferPointer {
            PixelOperations(on: pool).keepInCells(
                restored, frame.palettes.table, ids: $0, of: .init(gif: gif, radius: radius), size: cellSize,
                in: region)
        }
    }

    private func noise(
        _ bands: [Band], _ results: Results, _ frame: FrameInput, _ past: Results, on pool: WorkerPool
    ) -> Float? {
        let across = size.width / TemporalFilter.block
        return TemporalFilter.noise(
            in: bands.flatMap { band in
                let views = load(band, results, frame, past, on: pool)
                let ratios = filter.ratios(ofBand: views.estimate, gif: views.gif, past: views.past, on: pool)
                // Of the band's own rows.
                let first = band.place.lowerBound / TemporalFilter.block * across
                let end = band.place.upperBound / TemporalFilter.block * across
                return Array(ratios[first..<min(end, ratios.count)])
            })
    }

    private func load(
        _ band: Band, _ results: Results, _ frame: FrameInput, _ past: Results, on pool: WorkerPool
    ) -> (estimate: TensorView, gif: TensorView, past: TemporalFilter.Past) {
        arena.reset()
        let gif = colors(band.seen)
        frame.load(band.seen, into: gif)
        func view(_ planes: PackedPlanes) -> TensorView {
            let view = colors(band.seen)
            planes.load(band.seen, into: view, on: pool)
            return view
        }
        return (
            view(results.estimate), gif,
            TemporalFilter.Past(estimate: view(past.estimate), restored: view(past.restored))
        )
    }

    /// Writes the R, G, B of a picture.
    /// - Parameter pixels: R, G, B, A; alpha stays.
    func paint(_ restored: PackedPlanes, into pixels: inout [UInt8], on pool: WorkerPool) {
        let width = size.width
        for band in bands {
            arena.reset()
            let view = colors(band.rows)
            restored.load(band.rows, into: view, on: pool)
            pixels.withUnsafeMutableBufferPointer { pixels in
                let bytes = 4 * band.rows.lowerBound * width..<4 * band.rows.upperBound * width
                PixelOperations(on: pool).store(view, intoRGBA: UnsafeMutableBufferPointer(rebasing: pixels[bytes]))
            }
        }
    }

    private func colors(_ rows: Range<Int>) -> TensorView { arena.tensor(3, rows.count, size.width).view }
}

extension Region {
    /// Some rows of a picture.
    init(rows: Range<Int>, of size: PixelSize) {
        self.init(height: size.height, width: size.width)
        insert(rows: rows, columns: 0..<size.width)
    }
}
