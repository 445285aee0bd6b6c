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

    /// The sizes and the order of a network's maps: maps of one layout serve all networks that have it.
    struct Layout: Hashable {
        let configuration: UNetConfiguration
        /// Values of a vector, of which a map's pixels are made.
        let lanes: Int
        /// Of the picture, in pixels.
        let height: Int
        let width: Int
        /// Rows of a band; nil: the maps are of the whole picture.
        let band: Int?
    }

    /// The activations; of one state or of several that take turns.
    final class Maps {
        let layout: Layout
        /// Whether they belong to one state alone, and stay between its forwards what the last one made of them.
        let keepsContents: Bool
        let activations: Activations
        /// The state whose input they follow from.
        var user: ObjectIdentifier?

        init(_ layout: Layout, keepsContents: Bool, _ activations: Activations) {
            (self.layout, self.keepsContents, self.activations) = (layout, keepsContents, activations)
        }

        /// Those with at least so many bytes that may be written by others between two forwards.
        func lendable(_ byteCount: Int) -> CompactUNet.Activations? {
            guard !keepsContents, case .shuffle(let activations) = activations,
                activations.memory.byteCount >= byteCount
            else { return nil }
            return activations
        }
    }

    /// Notes that the activations will be this state's.
    /// - Returns: whether they are those of its last forward.
    func take() -> Bool {
        defer { maps.user = ObjectIdentifier(self) }
        return maps.user == ObjectIdentifier(self)
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
