/// One stack's input, output and all that lies between, for inputs of one size.
///
/// Made by `ConvolutionStack.makeState`. Used by one `forward` at a time; may move between threads in between.
public final class ConvolutionStackState: @unchecked Sendable {
    /// The input, then each layer's output.
    let maps: [Tensor]
    let workspace: Workspace
    let kernels: Kernels

    init(maps: [Tensor], workspace: Workspace, kernels: Kernels) {
        self.maps = maps
        self.workspace = workspace
        self.kernels = kernels
    }

    /// [inputs, height, width]: the caller fills it.
    public var input: Tensor { maps[0] }
    /// [outputs, ...] of the last layer; keeps its values until the next `forward`.
    public var output: Tensor { maps[maps.count - 1] }
}
