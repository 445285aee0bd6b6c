import Inference
import PixelKernels

/// The memory in which network B runs, for frames of one size, and the flows that it has found.
///
/// One thread at a time.
final class FlowState {
    let network: UNetState
    /// F01 and F10, [2, H, W] each: made where the network has put its answer, and kept there, unless it answers twice.
    let f01: TensorView
    let f10: TensorView
    /// The region in which something moves between the two frames: elsewhere the flows are 0.
    var moving: Region
    /// Whether `TranslationFinder` has put a translation in place of some of the flows.
    var isTranslated = false
    /// The two frames that the network's input is, by number; nil: others.
    private var seen: (first: Int?, second: Int?)

    init(_ network: UNetState) {
        self.network = network
        let shape = network.output.shape
        if shape.channels == 4 {
            (f01, f10) = (network.output[0..<2], network.output[2..<4])
        } else {
            (f01, f10) = (
                Tensor(2, shape.height, shape.width).view, Tensor(2, shape.height, shape.width).view
            )
        }
        moving = Region(height: shape.height, width: shape.width)
    }

    /// Makes two frames the network's input.
    /// - Returns: where it was another.
    func update(_ a: SequenceFrame, _ b: SequenceFrame, _ operations: PixelOperations) -> Region {
        let input = network.input
        var changed = operations.update(input[0..<3], with: a.values, in: a.changes(since: seen.first))
        changed.formUnion(operations.update(input[3..<6], with: b.values, in: b.changes(since: seen.second)))
        seen = (a.number, b.number)
        return changed
    }
}
