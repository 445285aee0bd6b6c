public import PixelKernels

/// One U-Net's input, output and all that lies between, for pictures of one size.
///
/// Made by `UNet.makeState`. Used by one `forward` at a time; may move between threads in between. The caller fills
/// `input` before, reads `output` after, and both keep their values until the next `forward`.
public final class UNetState: @unchecked Sendable {
    /// [inputs, height, width]
    public let input: Tensor
    /// [outputs, height, width]
    public let output: Tensor

    /// Every pixel of them.
    let all: Region
    let maps: Maps
    let workspace: Workspace
    enum Activations {
        case classic(PaperUNet.Activations)
        case shuffle(CompactUNet.Activations)
        /// Of a large picture.
        case bands(UNet.BandPlan, Arena)
    }

    /// The activations; of one state or of two that take turns.
    final class Maps {
        let configuration: UNetConfiguration
        let lanes: Int
        let activations: Activations
        /// The state whose input they follow from.
        fileprivate var user: ObjectIdentifier?

        init(_ configuration: UNetConfiguration, lanes: Int, _ activations: Activations) {
            self.configuration = configuration
            self.lanes = lanes
            self.activations = activations
        }
    }

    /// Notes that the activations will be this state's.
    /// - Returns: whether they are those of its last forward.
    func take() -> Bool {
        defer { maps.user = ObjectIdentifier(self) }
        return maps.user == ObjectIdentifier(self)
    }

    /// Lends the memory of the maps between two forwards; the next one computes all that is needed as if it were the first.
    /// - Parameter need: bytes. If the maps have less, other memory is lent.
    func lend<R>(_ need: Int, _ body: (HugePageBuffer) -> R) -> R {
        guard case .shuffle(let activations) = maps.activations, activations.memory.byteCount >= need else {
            return body(HugePageBuffer(byteCount: need))
        }
        maps.user = nil
        defer { activations.clearMargins() }
        return body(activations.memory)
    }

    init(input: Tensor, output: Tensor, maps: Maps, workspace: Workspace) {
        self.input = input
        self.output = output
        all = .all(height: input.shape.height, width: input.shape.width)
        self.maps = maps
        self.workspace = workspace
    }

    deinit {
        // Another state may get the same identifier.
        if maps.user == ObjectIdentifier(self) { maps.user = nil }
    }
}
