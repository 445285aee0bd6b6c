import Inference
import PixelKernels

/// What network B runs on, for frames of one size, and the flows that it has found.
///
/// One thread at a time.
final class FlowState {
    let network: UNetState
    /// F01 and F10, [2, H, W] each: made where the network has put its answer, and kept there, unless it answers twice.
    let f01: TensorView
    let f10: TensorView
    /// Where something moves between the two frames: elsewhere the flows are 0.
    var moving: Region
    /// Whether the network's input is the last two frames.
    var hasFrames = false

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
}
