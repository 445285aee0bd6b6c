import Glibc
public import Inference
public import Media
import PixelKernels
public import Threads

/// The networks of one profile: what a stream is restored with. Immutable and shared between streams.
public struct ModelSet: Sendable {
    /// A set of networks, by how much work goes into a picture.
    public enum Profile: String, CaseIterable, Sendable {
        /// Small networks that hold a real-time budget.
        case live
        /// Larger ones, for files.
        case quality
        /// As large, for colors and textures as strong as the film's, at the cost of exactness: in the place of the paper's
        /// adversarial loss (section 4.1).
        case vivid

        /// The profile whose networks stand in for those that this one lacks.
        var substitute: Profile? {
            switch self {
            case .live: nil
            case .quality: .live
            case .vivid: .quality
            }
        }
    }

    public let profile: Profile
    /// For GIFs without dither.
    public let colorNone: CCDNet
    /// For dithered GIFs.
    public let colorDithered: CCDNet
    public let slomo: SuperSlomo
    public let classifier: DitherClassifier

    /// Whether the frames before and after one make a difference to its restored picture.
    var seesNeighbors: Bool { colorNone.seesNeighbors || colorDithered.seesNeighbors }

    func color(isDithered: Bool) -> CCDNet { isDithered ? colorDithered : colorNone }

    /// Whether a folder of models has this profile.
    public static func has(_ profile: Profile, in folder: String) -> Bool {
        access("\(folder)/\(profile.rawValue)", R_OK | X_OK) == 0
    }

    /// How sure the classifier is that a frame is dithered: a logit, above 0 dithered.
    public func ditherLogit(of frame: Frame, on background: RGB, pool: WorkerPool) -> Float {
        let (height, width) = (frame.size.height, frame.size.width)
        let content = Restorer.content(self, RestorationOptions(rate: .source))
        let input = FrameInput(size: frame.size, content, cache: PaletteCache(), on: pool)
        input.fill(frame, on: background)
        if let band = content.band(of: frame.size) {
            let room = PackedPlanes(TensorShape(3, height, width))
            return ditherLogit(of: input, room: room, BandedNetworks(self, frame.size, band: band), on: pool)
        }
        let memory = NetworkMemory()
        return ditherLogit(
            of: input, estimate: Tensor(3, height, width),
            state: colorDithered.makeState(height: height, width: width, in: memory), in: memory, on: pool)
    }

    /// As above.
    /// - Parameters:
    ///   - estimate: room for one, [3, H, W].
    ///   - state: of `colorDithered`.
    ///   - memory: of that state; the classifier's maps lie where its maps did.
    func ditherLogit(
        of input: FrameInput, estimate: Tensor, state: CCDNet.State, in memory: NetworkMemory, on pool: WorkerPool
    ) -> Float {
        if HandMadePattern.isIn(input.frame) { return DitherVerdict.handMadeLogit }
        if classifier.seesEstimate {
            let alone = CCDNet.Input(
                gif: input.colors, radius: input.radius.view, palettes: input.palettes, ids: input.ids)
            colorDithered.restore(alone, takesStep: false, into: estimate.view, state: state, on: pool)
        }
        return classifier.logit(
            input.gif.view, radius: input.radius.view, estimate: estimate.view, in: memory, on: pool)
    }

    /// As above, of a frame of a large canvas.
    /// - Parameter room: for an estimate.
    func ditherLogit(
        of input: FrameInput, room: PackedPlanes, _ networks: BandedNetworks, on pool: WorkerPool
    ) -> Float {
        if HandMadePattern.isIn(input.frame) { return DitherVerdict.handMadeLogit }
        if classifier.seesEstimate { networks.color.look(input, colorDithered, into: room, on: pool) }
        networks.arena.reset()
        return classifier.logit(of: input, estimate: room, in: networks.memory, on: pool)
    }

    /// Loads the model files in `folder/<profile>/`. A file's header, not its name, says which network it is. If a profile
    /// lacks a network, or its folder is not there, the network of `Profile.substitute` takes its place.
    /// - Throws: `ModelError` when one is missing, twice there or broken.
    public init(_ profile: Profile, in folder: String) throws(ModelError) {
        let place = "\(folder)/\(profile.rawValue)"
        var found = Found()
        var source: Profile? = profile
        while let next = source, !found.isComplete {
            // The last one must be there: its error says what is missing.
            if next.substitute == nil || Self.has(next, in: folder) {
                found.fill(from: try Found(in: "\(folder)/\(next.rawValue)"))
            }
            source = next.substitute
        }
        func require<T>(_ value: T?, _ what: String) throws(ModelError) -> T {
            guard let value else { throw ModelError(path: place, reason: "no model file with \(what)") }
            return value
        }
        self.profile = profile
        colorNone = try require(found.none, "a ccdnet for GIFs without dither")
        colorDithered = try require(found.dithered, "a ccdnet for dithered GIFs")
        slomo = try require(found.slomo, "a superslomo")
        classifier = try require(found.classifier, "a dither-classifier")
    }

    /// A network of a model file.
    private enum Network {
        case colorNone(CCDNet)
        case colorDithered(CCDNet)
        case slomo(SuperSlomo)
        case classifier(DitherClassifier)

        init(_ path: String) throws(ModelError) {
            let file = try ModelFile.load(path)
            switch file.architecture {
            case "ccdnet":
                switch file.metadata["dither"] {
                case "none": self = .colorNone(try CCDNet(file))
                case "dithered": self = .colorDithered(try CCDNet(file))
                case let other:
                    throw ModelError(
                        path: path, reason: "metadata: dither is \(other ?? "missing"), expected none or dithered")
                }
            case "superslomo": self = .slomo(try SuperSlomo(file))
            case "dither-classifier": self = .classifier(try DitherClassifier(file))
            default:
                throw ModelError(path: path, reason: "metadata: unknown architecture \(file.architecture)")
            }
        }
    }

    /// The networks of one folder.
    private struct Found {
        var none: CCDNet?
        var dithered: CCDNet?
        var slomo: SuperSlomo?
        var classifier: DitherClassifier?

        /// None.
        init() {}

        var isComplete: Bool { none != nil && dithered != nil && slomo != nil && classifier != nil }

        /// Loads them side by side: most of a stream's start is bringing weights into order.
        init(in folder: String) throws(ModelError) {
            func keep<T>(_ place: inout T?, _ value: T, _ path: String) throws(ModelError) {
                guard place == nil else {
                    throw ModelError(path: path, reason: "a second network of the same kind in \(folder)")
                }
                place = value
            }
            let paths = try modelFiles(in: folder).map { "\(folder)/\($0)" }
            let loaded = Monitor<[Int: Result<Network, ModelError>]>([:])
            WorkerPool(concurrency: max(1, min(paths.count, WorkerPool.processors))).forEach(paths.count) { index in
                let network = Result { () throws(ModelError) in try Network(paths[index]) }
                loaded.update { $0[index] = network }
            }
            for (index, path) in paths.enumerated() {
                switch try loaded.withLock({ $0[index] })?.get() {
                case .colorNone(let network)?: try keep(&none, network, path)
                case .colorDithered(let network)?: try keep(&dithered, network, path)
                case .slomo(let network)?: try keep(&slomo, network, path)
                case .classifier(let network)?: try keep(&classifier, network, path)
                case nil: preconditionFailure("\(path) was not loaded")
                }
            }
        }

        /// Takes what is missing from another folder's.
        mutating func fill(from other: Found) {
            none = none ?? other.none
            dithered = dithered ?? other.dithered
            slomo = slomo ?? other.slomo
            classifier = classifier ?? other.classifier
        }
    }

    private static func modelFiles(in folder: String) throws(ModelError) -> [String] {
        guard let stream = opendir(folder) else {
            throw ModelError(path: folder, reason: "cannot list the models: \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".safetensors") { names.append(name) }
        }
        return names.sorted()
    }
}
