package import Inference
package import PixelKernels
package import Threads

/// Networks B and C alone, from two frames to their in-betweens, for the benchmarks: the program restores the frames first
/// and looks for what stands in front of a film.
///
/// Nothing is kept from one run for the next. One thread at a time.
package struct InBetweenProbe {
    /// Both frames, one after the other, [6, H, W] in [-1, 1]: to be filled before `run`.
    package let frames: Tensor
    private let slomo: SuperSlomo
    private let state: SuperSlomo.State
    private let count: Int

    /// - Parameters:
    ///   - height, width: of a frame in pixels.
    ///   - count: in-betweens of the pair, at equal distances.
    /// - Throws: `ModelError` when the file is no SuperSlomo or does not hold what its header says.
    package init(_ file: ModelFile, height: Int, width: Int, count: Int) throws(ModelError) {
        precondition(count > 0, "no in-between is made")
        slomo = try SuperSlomo(file)
        state = slomo.makeState(height: height, width: width)
        frames = Tensor(6, height, width)
        self.count = count
    }

    /// The in-between that `run` made last, [3, H, W] in [-1, 1].
    package var last: Tensor { state.blended }

    /// Finds the flows once and makes every in-between.
    package func run(on pool: WorkerPool) {
        let (first, second) = (SequenceFrame(frames[0..<3]), SequenceFrame(frames[3..<6]))
        slomo.estimateFlow(first, second, state: state, on: pool)
        slomo.publishFlow(state, on: pool)
        for index in 1...count {
            _ = slomo.interpolate(
                first, second, at: Float(index) / Float(count + 1), state: state, on: pool)
        }
    }
}
