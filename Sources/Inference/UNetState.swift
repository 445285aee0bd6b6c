/// One U-Net's input, output and all that lies between, for pictures of one size.
///
/// Made by `UNet.makeState`. Used by one `forward` at a time; may move between threads in between. The caller fills
/// `input` before, reads `output` after, and both keep their values until the next `forward`.
public final class UNetState: @unchecked Sendable {
    /// [inputs, height, width]
    public let input: Tensor
    /// [outputs, height, width]
    public let output: Tensor

    let activations: Activations
    let workspace: Workspace
    /// Whether the activations are those of an earlier forward.
    var remembers = false
    /// Of a large picture: what the last of its tiles ran on.
    var tile: UNetState?

    enum Activations {
        case classic(ClassicUNet.Activations)
        case shuffle(ShuffleUNet.Activations)
        case tiles(Tiling)
    }

    /// Has the next forward compute all that is needed as if it were the first.
    public func forget() { remembers = false }

    init(input: Tensor, output: Tensor, activations: Activations, workspace: Workspace) {
        self.input = input
        self.output = output
        self.activations = activations
        self.workspace = workspace
    }
}
