import Glibc
public import Inference
public import Media
public import Threads

/// The networks of one profile: what a stream is restored with. Immutable and shared between streams.
public struct ModelSet: Sendable {
    /// Which networks: how much work goes into a picture.
    public enum Profile: String, CaseIterable, Sendable {
        /// Small networks that hold a real-time budget.
        case live
        /// The paper's sizes.
        case quality
    }

    public let profile: Profile
    /// For GIFs without dither.
    public let colorNone: CCDNet
    /// For dithered GIFs.
    public let colorDithered: CCDNet
    public let slomo: SuperSlomo
    public let classifier: DitherClassifier

    /// Whether a frame's neighbours make a difference to its restored picture.
    var seesNeighbours: Bool { colorNone.seesNeighbours || colorDithered.seesNeighbours }

    /// Whether a folder of models has this profile.
    public static func has(_ profile: Profile, in folder: String) -> Bool {
        access("\(folder)/\(profile.rawValue)", R_OK | X_OK) == 0
    }

    /// How sure the classifier is that a frame is dithered: a logit, above 0 dithered.
    public func ditherLogit(of frame: Frame, on background: RGB, pool: WorkerPool) -> Float {
        let cache = PaletteCache()
        let slot = FrameSlot(size: frame.size, cache: cache)
        slot.fill(frame, background: background, cache: cache, on: PixelOperations(on: pool), pool: pool)
        let state = colorDithered.makeState(height: slot.size.height, width: slot.size.width)
        return ditherLogit(of: slot, state: state, on: pool)
    }

    /// As above. `slot.restored` serves for the estimate.
    /// - Parameter state: of `colorDithered`.
    func ditherLogit(of slot: FrameSlot, state: CCDNet.State, on pool: WorkerPool) -> Float {
        if classifier.seesEstimate {
            _ = slot.frame.paletteMap.ids.withUnsafeBufferPointer {
                colorDithered.restore(
                    gif: slot.gif.view, radius: slot.radius.view, palettes: slot.palettes.table, ids: $0, steps: 1,
                    into: slot.restored.view, state: state, on: pool)
            }
        }
        return classifier.logit(
            slot.gif.view, radius: slot.radius.view, estimate: slot.restored.view, on: pool)
    }

    /// Loads the model files in `folder/<profile>/`. Which file is which says its header, not its name. What another profile
    /// than `live` has no network for, that of `live` does.
    /// - Throws: `ModelError` when one is missing, twice there or broken.
    public init(_ profile: Profile, in folder: String) throws(ModelError) {
        let place = "\(folder)/\(profile.rawValue)"
        var found = try Found(in: place)
        if profile != .live && !found.isComplete {
            found.fill(from: try Found(in: "\(folder)/\(Profile.live.rawValue)"))
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

    /// One model file.
    private enum Network: Sendable {
        case none(CCDNet)
        case dithered(CCDNet)
        case slomo(SuperSlomo)
        case classifier(DitherClassifier)

        init(_ path: String) throws(ModelError) {
            let file = try ModelFile.load(path)
            switch file.architecture {
            case "ccdnet":
                switch file.metadata["dither"] {
                case "none": self = .none(try CCDNet(file))
                case "dithered": self = .dithered(try CCDNet(file))
                case let other:
                    throw ModelError(
                        path: file.path,
                        reason: "metadata: dither is \(other ?? "missing"), expected none or dithered")
                }
            case "superslomo": self = .slomo(try SuperSlomo(file))
            case "dither-classifier": self = .classifier(try DitherClassifier(file))
            default:
                throw ModelError(path: file.path, reason: "metadata: unknown architecture \(file.architecture)")
            }
        }
    }

    /// The networks of one folder.
    private struct Found {
        var none: CCDNet?
        var dithered: CCDNet?
        var slomo: SuperSlomo?
        var classifier: DitherClassifier?

        var isComplete: Bool { none != nil && dithered != nil && slomo != nil && classifier != nil }

        init(in folder: String) throws(ModelError) {
            let paths = try modelFiles(in: folder).map { "\(folder)/\($0)" }
            // Side by side: bringing the weights into the kernels' order takes most of a short run's start.
            let loaded = Monitor([Result<Network, ModelError>?](repeating: nil, count: paths.count))
            WorkerPool().forEach(paths.count) { index in
                let result = Result { () throws(ModelError) in try Network(paths[index]) }
                loaded.withLock { $0[index] = result }
            }
            for (path, result) in zip(paths, loaded.withLock { $0 }) {
                switch try result?.get() {
                case .none(let network)?: try Self.keep(&none, network, path, folder)
                case .dithered(let network)?: try Self.keep(&dithered, network, path, folder)
                case .slomo(let network)?: try Self.keep(&slomo, network, path, folder)
                case .classifier(let network)?: try Self.keep(&classifier, network, path, folder)
                case nil: preconditionFailure("a model file that nobody loaded")
                }
            }
        }

        private static func keep<T>(_ place: inout T?, _ value: T, _ path: String, _ folder: String) throws(ModelError)
        {
            guard place == nil else {
                throw ModelError(path: path, reason: "a second network of the same kind in \(folder)")
            }
            place = value
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
