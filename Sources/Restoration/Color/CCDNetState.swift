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

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        makeState(height: height, width: width, in: NetworkMemory())
    }

    /// A state in the memory of networks that take turns, maybe of other CCDNets, too.
    func makeState(height: Int, width: Int, in memory: NetworkMemory) -> State {
        State(
            first: first.makeState(height: height, width: width, in: memory),
            step: step?.makeState(height: height, width: width, in: memory))
    }
}
