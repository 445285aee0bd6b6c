import Media
import PixelKernels
import Threads

/// Runs the networks of figure 4 on the window's frames, one stream's: A is CCDNet, with the classifier that chooses which
/// one, B the flow network. Network C's work is an `Interpolation`.
final class NetworkDriver {
    private let models: ModelSet
    private let dither: RestorationOptions.DitherChoice
    private let composer: PictureComposer
    private let pool: WorkerPool
    private var knownStates: NetworkStates?
    /// The classifier's verdict; nil where none was asked for.
    private(set) var verdict: DitherVerdict?

    init(_ models: ModelSet, _ options: RestorationOptions, _ composer: PictureComposer, on pool: WorkerPool) {
        (self.models, self.composer, self.pool) = (models, composer, pool)
        dither = options.dither
        if dither == .auto { verdict = DitherVerdict() }
    }

    private func states(for size: PixelSize) -> NetworkStates {
        if let knownStates { return knownStates }
        let made = NetworkStates(models, size: size)
        knownStates = made
        return made
    }

    /// Network A on a frame: estimate, restored frame and picture.
    /// - Parameters:
    ///   - previous: the frame before, of whatever scene.
    ///   - takesStep: asked once, of the network that was chosen.
    func restore(
        _ slot: FrameSlot, after previous: FrameSlot?, _ neighbors: Neighbors, takesStep: (CCDNet) -> Bool
    ) {
        let states = states(for: slot.size)
        let wasOpen = verdict?.isOpen == true
        let isDithered = isDithered(slot, states)
        let net = models.color(isDithered: isDithered)
        let change = net.restore(
            slot.colorInput(neighbors), takesStep: takesStep(net), into: slot.estimate.view,
            state: states.color(isDithered: isDithered), on: pool)
        // The classifier may have chosen the other network.
        slot.noteEstimate(after: previous, change: wasOpen ? nil : change)
        let wasFlat = states.flatArtGuard.isAtWork
        slot.isFlat = states.flatArtGuard.apply(
            to: slot.estimatedFrame, gif: slot.input.gif.view, radius: slot.input.radius.view, net.thresholds.flatArt,
            on: pool)
        let isAsEstimated = !wasFlat && !states.flatArtGuard.isAtWork
        guard let past = neighbors.past else {
            slot.restored.view.copy(from: slot.estimate.view)
            slot.noteRestored(after: previous, change: nil)
            return slot.picture = composer.picture(of: slot)
        }
        let moved = states.filter.apply(
            to: slot.estimate.view, gif: slot.input.gif.view,
            past: TemporalFilter.Past(estimate: past.estimate.view, restored: past.restored.view),
            changed: isAsEstimated ? slot.estimatedFrame.changes(since: past.number) : nil,
            how: net.thresholds.filtering, into: slot.restored.view, on: pool)
        slot.noteRestored(after: past, change: moved)
        slot.picture = composer.picture(of: slot)
    }

    /// Asks the classifier, as long as its verdict is open.
    private func isDithered(_ slot: FrameSlot, _ states: NetworkStates) -> Bool {
        switch dither {
        case .none: return false
        case .dithered: return true
        case .auto: break
        }
        guard verdict?.isOpen == true else { return verdict?.isDithered ?? false }
        if verdict?.wants(slot.frame) == true {
            let isAnotherNetwork = !states.hasDithered
            verdict?.add(
                logit: models.ditherLogit(
                    of: slot.input, estimate: slot.restored, state: states.color(isDithered: true), on: pool))
            if isAnotherNetwork { states.goOn(isDithered: verdict?.isDithered == true) }
        }
        let isDithered = verdict?.isDithered ?? false
        if verdict?.isOpen == false { states.decide(isDithered: isDithered) }
        return isDithered
    }

    /// Network B on two frames.
    func estimateFlow(from a: FrameSlot, to b: FrameSlot) {
        models.slomo.estimateFlow(a.input.scene, b.input.scene, state: states(for: a.size).slomo, on: pool)
    }

    /// Makes the in-betweens of two restored frames with the flows that were estimated last.
    func interpolation(from a: FrameSlot, to b: FrameSlot, on background: RGB) -> Interpolation {
        let states = states(for: a.size)
        models.slomo.publishFlow(states.slomo, on: pool)
        return Interpolation(a, b, models.slomo, states, composer, background: background, on: pool)
    }
}

extension FrameSlot {
    /// The frame as CCDNet's input.
    fileprivate func colorInput(_ neighbors: Neighbors) -> CCDNet.Input {
        CCDNet.Input(
            gif: input.colors, radius: input.radius.view, palettes: input.palettes, ids: input.ids,
            before: neighbors.before?.input.colors, after: neighbors.after?.input.colors,
            past: neighbors.past?.restoredFrame)
    }
}
