import Inference
import PixelKernels
import Threads

/// CCDNet-1 or -2 (section 4.1, figure 2, equation 5): a first network, and maybe a step that corrects its estimate.
///
/// Immutable and shared between streams; each stream has a `State`.
public struct CCDNet: Sendable {
    let first: UNet
    let step: UNet?
    let layout: InputLayout
    let stepLayout: InputLayout
    let form: EstimateForm
    let thresholds: ColorThresholds

    /// Whether the first network's estimate is corrected by a step.
    var hasStep: Bool { step != nil }

    /// Whether the frames before and after make a difference.
    public var seesNeighbors: Bool { layout.contains(.before) || layout.contains(.after) }

    /// A frame and its neighbors, as CCDNet's inputs are made from them.
    struct Input {
        /// G, [3, H, W] in [-1, 1].
        let gif: SequenceFrame
        /// The palette radius of each pixel, [1, H, W]; where it differs from an earlier frame's, `gif` says so.
        let radius: TensorView
        /// The palette of each pixel, by number, for fC and the cells.
        let palettes: PaletteCache.Prepared
        let ids: [UInt16]
        /// The GIF's frames before and after, of the sequence of `gif`; nil where there is none.
        var before: SequenceFrame?
        var after: SequenceFrame?
        /// The restored frame before; nil where there is none. That it has changed is no reason for another estimate.
        var past: SequenceFrame?
    }

    /// Estimates the picture that was quantized, near what has changed since this state's last estimate; elsewhere that
    /// stays (see `ChangeMargin`).
    /// - Parameters:
    ///   - takesStep: otherwise the first network's estimate is the answer.
    ///   - target: receives the estimate, [3, H, W].
    /// - Returns: where the estimate, the frame or its radius may differ from those of the last call.
    @discardableResult
    func restore(
        _ input: Input, takesStep: Bool = true, into target: TensorView, state: State, on pool: WorkerPool
    ) -> Region {
        let operations = PixelOperations(on: pool)
        let given = update(state, with: input, operations, on: pool)
        var changed = ChangeMargin.affected(by: given.frames)
        first.forward(state.first, changed: given.all, needed: changed, on: pool)
        let begun = state.first.output.view
        form.begin(begun, gif: input.gif.values, in: changed, operations)
        // With or without the step, other than last time, everything is another.
        let isStepped = takesStep && hasStep
        if isStepped != state.isStepped { changed = .all(height: changed.height, width: changed.width) }
        state.isStepped = isStepped
        guard isStepped, let step, let stepState = state.step else {
            target.copy(from: begun)
            return changed
        }
        fillStep(stepState.input, estimate: begun, input, in: changed, operations)
        step.forward(stepState, changed: changed, needed: changed, on: pool)
        form.correct(begun, by: stepState.output.view, in: changed, operations)
        target.copy(from: stepState.output.view)
        return changed
    }
}
