import Inference
import Media

/// The states of the networks of one stream, for one size of frames; each is made when it is first needed.
final class NetworkStates {
    let size: PixelSize
    private let models: ModelSet
    /// Of both color networks and the classifier.
    let colorMemory = NetworkMemory()
    private var none: CCDNet.State?
    private var dithered: CCDNet.State?
    let flatArtGuard: FlatArtGuard
    private(set) lazy var filter = TemporalFilter(height: size.height, width: size.width)
    private(set) lazy var slomo = models.slomo.makeState(height: size.height, width: size.width)
    /// For streams that keep alpha.
    private(set) lazy var transparency = Transparency(size)
    /// For streams that do not keep alpha, and for frames in which nothing is transparent.
    private(set) lazy var overlay = StandingOverlay(size)

    /// The parts that in-betweens hold.
    private(set) lazy var heldParts = HeldParts(size, models.slomo.thresholds.heldParts)

    /// Of a large canvas; nil: the networks see this one as a whole.
    let banded: BandedNetworks?

    init(_ models: ModelSet, size: PixelSize, band: Int?) {
        (self.models, self.size) = (models, size)
        banded = band.map { BandedNetworks(models, size, band: $0) }
        flatArtGuard = FlatArtGuard(height: size.height, width: size.width)
    }

    /// That of the network for dithered GIFs, or of the one for others. Both have one memory.
    func color(isDithered: Bool) -> CCDNet.State {
        if let known = isDithered ? dithered : none { return known }
        let made = models.color(isDithered: isDithered)
            .makeState(height: size.height, width: size.width, in: colorMemory)
        if isDithered { dithered = made } else { none = made }
        return made
    }

    /// Whether there is one of the network for dithered GIFs.
    var hasDithered: Bool { dithered != nil }

    /// After a look at a frame with the network for dithered GIFs: the one that goes on is the only one that stays, and
    /// begins with nothing.
    func goOn(isDithered: Bool) {
        dithered?.startOver()
        guard !isDithered else { return }
        _ = color(isDithered: false)
        dithered = nil
    }

    /// The verdict stands: the other network is not needed any more.
    func decide(isDithered: Bool) {
        if isDithered { none = nil } else { dithered = nil }
    }
}
