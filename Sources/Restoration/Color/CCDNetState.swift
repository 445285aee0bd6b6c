import Inference
import PixelKernels

extension CCDNet {
    /// The activations for one canvas, and what the last estimate was made of: only what has changed since is computed.
    /// One `restore` at a time.
    public final class State {
        /// Estimates are made where a network has put its answer, and stay there.
        let first: UNetState
        let step: UNetState?
        /// Whether the step was taken the last time.
        var isStepped = false
        /// The frames and palettes that the first network's input was made of.
        var history: ColorHistory

        init(first: UNetState, step: UNetState?) {
            (self.first, self.step) = (first, step)
            history = ColorHistory(height: first.input.shape.height, width: first.input.shape.width)
        }

        /// The next estimate is of all pixels, whatever this state has seen.
        func startOver() { history.startOver() }
    }

    /// Bytes of a state.
    /// - Parameter sharesMaps: whether the first network's maps are those of a state that is counted already.
    func stateBytes(height: Int, width: Int, sharesMaps: Bool = false) -> Int {
        first.stateBytes(height: height, width: width, sharesMaps: sharesMaps)
            + (step?.stateBytes(height: height, width: width) ?? 0)
    }

    /// - Parameters:
    ///   - height, width: of the canvas in pixels.
    ///   - partner: a state, maybe of another CCDNet, that never makes an estimate at the same time: the two may share memory.
    public func makeState(height: Int, width: Int, sharingWith partner: State? = nil) -> State {
        let begin = first.makeState(height: height, width: width, sharingWith: partner?.first)
        return State(first: begin, step: step?.makeState(height: height, width: width, sharingWith: begin))
    }
}
