/// One stack's input, output and all that lies between, for inputs of one size.
///
/// Made by `ConvolutionStack.makeState`. Used by one `forward` at a time; may move between threads in between.
public final class ConvolutionStackState: @unchecked Sendable {
    /// [inputs, height, width]: the caller fills it.
    public let input: Tensor
    /// [outputs, ...] of the last layer; keeps its values until the next `forward`.
    public let output: Tensor
    /// The input, then each layer's output.
    let maps: [BlockedTensor]
    let workspace: Workspace

    init(input: Tensor, maps: [BlockedTensor], output: Tensor, workspace: Workspace) {
        self.input = input
        self.maps = maps
        self.output = output
        self.workspace = workspace
    }
}
