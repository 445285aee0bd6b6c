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
        return ditherLogit(
            of: slot, state: colorDithered.makeState(height: frame.size.height, width: frame.size.width),
            using: ConvolutionStack.Memory(), on: pool)
    }

    /// As above. `slot.restored` serves for the estimate.
    /// - Parameters:
    ///   - state: of `colorDithered`; asked for where the classifier sees its estimate.
    ///   - memory: the classifier's, of earlier frames of this size where there were any.
    func ditherLogit(
        of slot: FrameSlot, state: @autoclosure () -> CCDNet.State, using memory: ConvolutionStack.Memory,
        on pool: WorkerPool
    ) -> Float {
        if classifier.seesEstimate {
            _ = slot.frame.paletteMap.ids.withUnsafeBufferPointer {
                colorDithered.restore(
                    gif: slot.gif.view, radius: slot.radius.view, palettes: slot.palettes, ids: $0, steps: 1,
                    into: slot.restored.view, state: state(), on: pool)
            }
        }
        return classifier.logit(
            slot.gif.view, radius: slot.radius.view, estimate: slot.restored.view, using: memory, on: pool)
    }

    /// Loads the model files in `folder/<profile>/`. Which file is which says its header, not its name. What another profile
    /// than `live` has no network for, that of `live` does: for all where its folder is not there.
    /// - Throws: `ModelError` when one is missing, twice there or broken.
    public init(_ profile: Profile, in folder: String) throws(ModelError) {
        let place = "\(folder)/\(profile.rawValue)"
        var found = profile == .live || Self.has(profile, in: folder) ? try Found(in: place) : Found()
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

    /// The networks of one folder.
    private struct Found {
        var none: CCDNet?
        var dithered: CCDNet?
        var slomo: SuperSlomo?
        var classifier: DitherClassifier?

        /// None.
        init() {}

        var isComplete: Bool { none != nil && dithered != nil && slomo != nil && classifier != nil }

        init(in folder: String) throws(ModelError) {
            func keep<T>(_ place: inout T?, _ value: T, _ file: ModelFile) throws(ModelError) {
                guard place == nil else {
                    throw ModelError(path: file.path, reason: "a second network of the same kind in \(folder)")
                }
                place = value
            }
            for name in try modelFiles(in: folder) {
                let file = try ModelFile.load("\(folder)/\(name)")
                switch file.architecture {
                case "ccdnet":
                    switch file.metadata["dither"] {
                    case "none": try keep(&none, CCDNet(file), file)
                    case "dithered": try keep(&dithered, CCDNet(file), file)
                    case let other:
                        throw ModelError(
                            path: file.path,
                            reason: "metadata: dither is \(other ?? "missing"), expected none or dithered")
                    }
                case "superslomo": try keep(&slomo, SuperSlomo(file), file)
                case "dither-classifier": try keep(&classifier, DitherClassifier(file), file)
                default:
                    throw ModelError(
                        path: file.path, reason: "metadata: unknown architecture \(file.architecture)")
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
