import Media
import PixelKernels
import Threads

/// Runs the networks of figure 4 on the window's frames, one stream's: A is CCDNet, with the classifier that chooses which
/// one, B the flow network. Network C's work is an `Interpolation`.
final class NetworkDriver {
    private let models: ModelSet
    private let dither: RestorationOptions.DitherChoice
    private let content: FrameInput.Content
    private let composer: PictureComposer
    private let pool: WorkerPool
    private var knownStates: NetworkStates?
    /// The classifier's verdict; nil where none was asked for.
    private(set) var verdict: DitherVerdict?

    init(
        _ models: ModelSet, _ options: RestorationOptions, _ content: FrameInput.Content, _ composer: PictureComposer,
        on pool: WorkerPool
    ) {
        (self.models, self.content, self.composer, self.pool) = (models, content, composer, pool)
        dither = options.dither
        if dither == .auto { verdict = DitherVerdict() }
    }

    private func states(for size: PixelSize) -> NetworkStates {
        if let knownStates { return knownStates }
        let made = NetworkStates(models, size: size, band: content.band(of: size))
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
        if let banded = states.banded {
            return restore(
                slot, after: previous, neighbors, net, isDithered: isDithered, takesStep: takesStep(net), banded,
                states.flatArtGuard)
        }
        let change = net.restore(
            slot.colorInput(neighbors), takesStep: takesStep(net), into: slot.estimate.view,
            state: states.color(isDithered: isDithered), on: pool)
        // The classifier may have chosen the other network.
        slot.noteEstimate(after: previous, change: wasOpen ? nil : change)
        let wasFlat = states.flatArtGuard.isAtWork
        slot.isFlat = states.flatArtGuard.apply(
            to: slot.estimatedFrame, gif: slot.input.gif.view, radius: slot.input.radius.view, net.thresholds.flatArt,
            keepsAll: isHandMade(slot.frame), on: pool)
        let isAsEstimated = !wasFlat && !states.flatArtGuard.isAtWork
        let changed = isAsEstimated ? slot.estimatedFrame.changes(since: neighbors.past?.number) : nil
        if let part = net.thresholds.cellSize {
            keepInCells(slot.estimate, part, of: slot.input, in: changed)
            if let changed, let past = neighbors.past {
                slot.estimate.view.copy(from: past.estimate.view, outside: changed)
            }
        }
        guard let past = neighbors.past else {
            slot.restored.view.copy(from: slot.estimate.view)
            slot.noteRestored(after: previous, change: nil)
            return slot.picture = composer.picture(of: slot)
        }
        var moved = states.filter.apply(
            to: slot.estimate.view, gif: slot.input.gif.view,
            past: TemporalFilter.Past(estimate: past.estimate.view, restored: past.restored.view),
            changed: changed, how: net.thresholds.filtering, into: slot.restored.view, on: pool)
        if net.thresholds.cellSize != nil {
            // The mean of several frames may have left the cell of this one.
            let filtered = changed?.wholeRows
            keepInCells(slot.restored, 1, of: slot.input, in: filtered)
            moved.formUnion(filtered ?? .all(height: slot.size.height, width: slot.size.width))
            moved = PixelOperations(on: pool).differences(of: slot.restored.view, from: past.restored.view, in: moved)
        }
        slot.noteRestored(after: past, change: moved)
        slot.picture = composer.picture(of: slot)
    }

    /// Keeps pixels in the cells of their GIF's colors, if those of the network are kept there.
    /// - Parameters:
    ///   - picture: the estimate or the restored frame.
    ///   - part: of the cells.
    private func keepInCells(_ picture: Tensor, _ part: Float, of input: FrameInput, in region: Region? = nil) {
        input.ids.withUnsafeBufferPointer {
            PixelOperations(on: pool).keepInCells(
                picture.view, input.palettes.table, ids: $0,
                of: .init(gif: input.gif.view, radius: input.radius.view), size: part, in: region)
        }
    }

    /// The same on a large canvas.
    private func restore(
        _ slot: FrameSlot, after previous: FrameSlot?, _ neighbors: Neighbors, _ net: CCDNet, isDithered: Bool,
        takesStep: Bool, _ banded: BandedNetworks, _ artGuard: FlatArtGuard
    ) {
        let results = slot.makeResults()
        let source = BandedColor.Source(
            frame: slot.input, before: neighbors.before?.input, after: neighbors.after?.input,
            past: neighbors.past?.results?.restored)
        let change = banded.color.restore(
            source, slot.colorInput(neighbors), net, isDithered: isDithered, takesStep: takesStep, measuring: artGuard,
            on: pool)
        slot.noteEstimate(after: previous, change: change)
        let wasFlat = artGuard.isAtWork
        artGuard.decide(
            height: slot.size.height, width: slot.size.width, net.thresholds.flatArt,
            keepsAll: isHandMade(slot.frame))
        slot.isFlat = artGuard.leavesAll
        let isAsEstimated = !wasFlat && !artGuard.isAtWork
        let changed = isAsEstimated ? slot.estimatedFrame.changes(since: neighbors.past?.number) : nil
        let known = neighbors.past?.results
        banded.filter.finish(
            banded.color.estimate, slot.input, artGuard, cellSize: net.thresholds.cellSize, past: known?.estimate,
            changed: changed, into: results.estimate, on: pool)
        if let known {
            banded.filter.apply(
                to: results, slot.input, past: known, changed: changed, how: net.thresholds.filtering,
                keepsInCells: net.thresholds.cellSize != nil, on: pool)
        } else {
            results.restored.copyRows(0..<slot.size.height, of: results.estimate)
        }
        slot.noteRestored(after: previous, change: nil)
        slot.picture = composer.picture(of: slot, results.restored, banded.filter)
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
            let isAnotherNetwork = states.banded == nil && !states.hasDithered
            verdict?.add(logit: ditherLogit(of: slot, states))
            if isAnotherNetwork { states.goOn(isDithered: verdict?.isDithered == true) }
        }
        let isDithered = verdict?.isDithered ?? false
        if verdict?.isOpen == false { states.decide(isDithered: isDithered) }
        return isDithered
    }

    /// Whether a frame stays as it is: shaded by hand, in a GIF of which the classifier has seen such a frame.
    private func isHandMade(_ frame: Frame) -> Bool {
        verdict?.hasHandMadeFrame == true && HandMadePattern.isIn(frame)
    }

    private func ditherLogit(of slot: FrameSlot, _ states: NetworkStates) -> Float {
        if let banded = states.banded {
            return models.ditherLogit(of: slot.input, room: slot.makeResults().estimate, banded, on: pool)
        }
        return models.ditherLogit(
            of: slot.input, estimate: slot.restored, state: states.color(isDithered: true), in: states.colorMemory,
            on: pool)
    }

    /// Network B on two frames.
    func estimateFlow(from a: FrameSlot, to b: FrameSlot) {
        let states = states(for: a.size)
        // On a large canvas network B waits for network A, as both use one piece of memory.
        if states.banded != nil { return }
        models.slomo.estimateFlow(a.input.scene, b.input.scene, state: states.slomo, on: pool)
        let found = states.slomo.flow
        let corrected = corrected(found.f01, found.f10, from: a, to: b, in: found.moving)
        found.isTranslated = corrected.isTranslated
        states.slomo.noteFlow(in: corrected.moving)
    }

    /// Corrects flows that network B has found.
    /// - Returns: where they may be other than 0, and whether they follow a translation now.
    private func corrected(
        _ f01: any FlowMap, _ f10: any FlowMap, from a: FrameSlot, to b: FrameSlot, in moving: Region
    ) -> (moving: Region, isTranslated: Bool) {
        TranslationFinder(size: a.size).correct(
            f01, f10, from: a.input, to: b.input, in: moving, scale: models.slomo.configuration.maxFlow, on: pool)
    }

    /// Makes the in-betweens of two restored frames with the flows that were estimated last.
    func interpolation(from a: FrameSlot, to b: FrameSlot, on background: RGB) -> any InBetweenMaker {
        let states = states(for: a.size)
        if let banded = states.banded {
            let found = banded.flow
            found.estimate(a.input, b.input, on: pool)
            (found.moving, found.isTranslated) = corrected(found.f01, found.f10, from: a, to: b, in: found.moving)
            return BandedInterpolation(a, b, models.slomo, states, banded, on: pool)
        }
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
