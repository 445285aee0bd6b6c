import Inference
import Media
import PixelKernels
import Threads

/// The networks of one stream on a large canvas, for one size of frames: one network at a time, all in one piece of memory.
final class BandedNetworks {
    let color: BandedColor
    let filter: BandedFilter
    /// For streams with in-betweens.
    private(set) lazy var flow = BandedFlow(size, models.slomo, band: band, arena: arena, in: memory)
    private(set) lazy var refinement = BandedRefinement(size, models.slomo, band: band, arena: arena)
    private let models: ModelSet
    private let size: PixelSize
    private let band: Int
    let arena: Arena
    /// In the arena.
    let memory: NetworkMemory

    init(_ models: ModelSet, _ size: PixelSize, band: Int) {
        (self.models, self.size, self.band) = (models, size, band)
        arena = Arena(byteCount: Self.arenaBytes(models, size, band: band))
        memory = NetworkMemory(in: arena)
        color = BandedColor(size, band: band, arena: arena)
        filter = BandedFilter(size, arena: arena)
    }

    /// Bytes of the piece of memory. Without in-betweens nothing is written that only they need.
    static func arenaBytes(_ models: ModelSet, _ size: PixelSize, band: Int, inBetweens: Bool = true) -> Int {
        var needs = [models.colorNone, models.colorDithered].map { BandedColor.arenaBytes($0, size, band: band) }
        needs.append(BandedFilter.arenaBytes(size))
        needs.append(models.classifier.arenaBytes(height: size.height, width: size.width))
        if inBetweens && models.slomo.hasBands {
            needs.append(BandedFlow.arenaBytes(models.slomo, size, band: band))
            needs.append(BandedRefinement.arenaBytes(models.slomo, size, band: band))
        }
        return needs.reduce(0, max)
    }
}

extension ModelSet {
    /// Whether large canvases can go through its networks in bands: not through those of the paper.
    /// - Parameter inBetweens: whether any are made.
    func hasBands(inBetweens: Bool) -> Bool {
        colorNone.hasBands && colorDithered.hasBands && (!inBetweens || slomo.hasBands)
    }
}

extension CCDNet {
    fileprivate var hasBands: Bool { first.hasBands && step?.hasBands != false }
}

extension SuperSlomo {
    /// Flows of several views are found on whole frames.
    fileprivate var hasBands: Bool { flow.hasBands && refine.hasBands && !hasViews }
}
