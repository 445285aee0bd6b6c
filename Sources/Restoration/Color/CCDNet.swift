import Glibc
public import Inference
import PixelKernels
import Threads

/// CCDNet-k (section 4.1, figure 2, equation 5): a first network, then steps that correct its estimate.
///
/// Immutable and shared between streams; each stream has a `State`.
public struct CCDNet: Sendable {
    /// The header of the model file.
    struct Configuration: Decodable {
        enum CodingKeys: String, CodingKey {
            case first, step, steps, palette, radius, neighbours, past, cell, residual, project
            case stepNeighbours = "step_neighbours"
        }

        let first: UNetConfiguration
        let step: UNetConfiguration?
        /// k, counting the first network.
        let steps: Int
        /// The steps see fC(I) and G - fC(I): not for dithered GIFs, whose quantization is not fC.
        let palette: Bool
        /// Further input: the palette radius of each pixel.
        let radius: Bool
        /// Further inputs of the first network: how the GIF's frames before and after differ from this one. Still
        /// parts carry a quantization error of their own in every frame. Not in the paper; may be missing.
        let neighbours: Bool?
        /// The steps see them as well.
        let stepNeighbours: Bool?
        /// Further input of the first network: how the restored frame before differs from this GIF frame. It holds what is
        /// known from all frames before. Not in the paper; may be missing.
        let past: Bool?
        /// Further input of the first network: how far the Voronoi cell of each pixel's palette color reaches (see
        /// `PaletteColors.Reach`), which is where the color of an exact GIF comes from. Not in the paper; may be missing.
        let cell: Bool?
        /// I = clamp(G + net(G)) and I <- clamp(I + step) instead of the paper's tanh.
        let residual: Bool
        /// The last estimate is pulled into its palette color's Voronoi cell.
        let project: Bool
    }

    private let configuration: Configuration
    private let first: UNet
    private let step: UNet?

    /// k: how many steps it takes at most.
    var steps: Int { configuration.steps }

    /// Whether the frames before and after make a difference.
    public var seesNeighbours: Bool { configuration.neighbours == true || configuration.stepNeighbours == true }

    /// - Throws: `ModelError` when the file is no CCDNet or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "ccdnet" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a ccdnet")
        }
        let configuration = try file.configuration(as: Configuration.self)
        let extra = configuration.radius ? 1 : 0
        func check(_ unet: UNetConfiguration, inputs: Int, _ name: String) throws(ModelError) {
            guard unet.inputs == inputs + extra && unet.outputs == 3 else {
                throw ModelError(
                    path: file.path,
                    reason: "config: \(name) has \(unet.inputs) inputs and \(unet.outputs) outputs, "
                        + "expected \(inputs + extra) and 3")
            }
        }
        guard configuration.steps >= 1 && configuration.steps <= 16 else {
            throw ModelError(path: file.path, reason: "config: \(configuration.steps) steps, expected 1 to 16")
        }
        let neighbours = configuration.neighbours == true ? 6 : 0
        let others = (configuration.past == true ? 3 : 0) + (configuration.cell == true ? 6 : 0)
        try check(configuration.first, inputs: 3 + neighbours + others, "first")
        first = try UNet(configuration.first, weights: file.weights, prefix: "first.")
        if configuration.steps > 1 {
            guard let stepConfiguration = configuration.step else {
                throw ModelError(path: file.path, reason: "config: \(configuration.steps) steps without a step network")
            }
            let neighbours = configuration.stepNeighbours == true ? 6 : 0
            try check(stepConfiguration, inputs: (configuration.palette ? 12 : 6) + neighbours, "step")
            step = try UNet(stepConfiguration, weights: file.weights, prefix: "step.")
        } else {
            step = nil
        }
        try file.weights.requireAllTaken()
        self.configuration = configuration
    }

    /// Which frame an estimate was of, and which others the network saw beside it.
    struct Given: Hashable {
        let frame: Int
        let hasBefore: Bool
        let hasAfter: Bool
        let hasPast: Bool

        /// Whether it is what follows another one, with the same inputs.
        func follows(_ last: Given) -> Bool {
            last == Given(frame: frame - 1, hasBefore: hasBefore, hasAfter: hasAfter, hasPast: hasPast)
        }
    }

    /// Where what a network is given may differ from what it was given last; nil: anywhere.
    struct Novelty {
        /// The GIF's frames.
        var frames: Region?
        /// The difference between the frame and the restored one before.
        var past: Region?
    }

    /// The activations for one canvas, and what was made of the last picture: only what has changed since is computed.
    /// One forward at a time.
    public final class State {
        let first: UNetState
        let step: UNetState?
        /// The estimate after the first network, after the steps, and after the projection, [3, H, W] each. Estimates are
        /// made where a network has put its answer, and stay there.
        var begun: Tensor { first.output }
        let corrected: Tensor
        private(set) lazy var projected = Tensor(3, begun.shape.height, begun.shape.width)
        /// The palettes of the last picture and each pixel's.
        var palettes: PaletteTable?
        var ids: [UInt16] = []
        /// Where the estimate may have changed since the steps were last taken.
        var unstepped: Region
        /// Whether they were the last time.
        var isStepped = false

        /// - Parameter steps: k; where the last of several shares its network's output with others, `corrected` is apart.
        init(first: UNetState, step: UNetState?, steps: Int) {
            self.first = first
            self.step = step
            let (height, width) = (first.input.shape.height, first.input.shape.width)
            corrected = steps > 2 ? Tensor(3, height, width) : step?.output ?? first.output
            unstepped = Region(height: height, width: width)
        }

        /// What its last estimate was made from, where the caller has noted it.
        var given: Given?

        /// The next estimate is of all pixels, whatever this state has seen.
        func startOver() { palettes = nil }

        /// Has the networks compute all that the next estimate depends on.
        func forget() {
            first.forget()
            step?.forget()
        }
    }

    /// - Parameters:
    ///   - height, width: of the canvas in pixels.
    ///   - partner: a state, maybe of another CCDNet, that never makes an estimate at the same time: the two may share memory.
    public func makeState(height: Int, width: Int, sharingWith partner: State? = nil) -> State {
        let begin = first.makeState(height: height, width: width, sharingWith: partner?.first)
        return State(
            first: begin, step: step?.makeState(height: height, width: width, sharingWith: begin),
            steps: configuration.steps)
    }

    /// Estimates the picture that was quantized, near what has changed since this state's last estimate; elsewhere that
    /// stays (see `ChangeMargin`).
    /// - Parameters:
    ///   - gif: G, [3, H, W] in [-1, 1].
    ///   - radius: the palette radius of each pixel, [1, H, W].
    ///   - before, after: the GIF's neighbouring frames, like `gif`; nil where there is none.
    ///   - past: the restored frame before, like `gif`; nil where there is none. That it has changed is no reason for
    ///     another estimate.
    ///   - palettes, ids: the palette of each pixel, for fC and its cells.
    ///   - steps: at most so many of the network's steps, the first network counted; all by default.
    ///   - novelty: what the caller knows of what has changed since this state's last estimate: no more is looked at.
    ///   - target: the last estimate, [3, H, W].
    /// - Returns: where the estimate, `gif` or `radius` may differ from those of the last call.
    @discardableResult
    func restore(
        gif: TensorView, radius: TensorView, before: TensorView? = nil, after: TensorView? = nil,
        past: TensorView? = nil, palettes: PaletteCache.Prepared, ids: UnsafeBufferPointer<UInt16>, steps: Int = .max,
        novelty: Novelty = Novelty(), into target: TensorView, state: State, on pool: WorkerPool
    ) -> Region {
        precondition(steps >= 1, "\(steps) steps")
        state.given = nil
        let operations = PixelOperations(on: pool)
        // I0 = squash(net0(G))
        var given = updateInput(
            gif: gif, radius: radius, before: before, after: after, in: novelty.frames, state: state, operations)
        var changed = given
        changed.formUnion(state.repainted(palettes.table, ids))
        if configuration.cell == true {
            fillCells(of: state.first.input, gif: gif, palettes, ids, in: changed, on: pool)
            given = changed
        }
        changed = ChangeMargin.affected(by: changed)
        given.formUnion(updatePast(past, gif: gif, in: novelty.past, state: state, operations))
        first.forward(state.first, changed: given, needed: changed, on: pool)
        if configuration.residual {
            operations.scaledSum(1, gif, 1, state.begun.view, into: state.begun.view, in: changed)
        }
        squash(state.begun.view, operations, in: changed)
        // I <- squash(I + g(I, G, fC(I), G - fC(I)))
        var result = state.begun
        if let step, let stepState = state.step {
            state.unstepped.formUnion(changed)
            let isStepped = min(steps, configuration.steps) > 1
            // With another number of steps than last time everything is another.
            if isStepped != state.isStepped { changed = .all(height: changed.height, width: changed.width) }
            state.isStepped = isStepped
            if isStepped {
                let window = state.unstepped
                // A state that several steps share remembers another step's input.
                let region = configuration.steps > 2 ? .all(height: window.height, width: window.width) : window
                let last = min(steps, configuration.steps) - 1
                for index in 1...last {
                    fillInput(
                        of: stepState.input, estimate: result.view, gif: gif, radius: radius, before: before,
                        after: after, palettes.table, ids, in: region, operations)
                    let part = index < last ? region : window
                    step.forward(stepState, changed: region, needed: part, on: pool)
                    result = index < last ? stepState.output : state.corrected
                    operations.scaledSum(
                        1, stepState.input[0..<3], 1, stepState.output.view, into: result.view, in: part)
                    squash(result.view, operations, in: part)
                }
                changed.formUnion(window)
                state.unstepped = Region(height: changed.height, width: changed.width)
            }
        }
        guard configuration.project else {
            target.copy(from: result.view)
            return changed
        }
        operations.copy(result.view, into: state.projected.view, in: changed)
        operations.projectToCells(
            state.projected.view, gif: gif, radius: radius, palettes.table, ids: ids, in: changed)
        target.copy(from: state.projected.view)
        return changed
    }

    /// Brings the first network's input up to date.
    /// - Returns: where it was not.
    private func updateInput(
        gif: TensorView, radius: TensorView, before: TensorView?, after: TensorView?, in region: Region?, state: State,
        _ operations: PixelOperations
    ) -> Region {
        let input = state.first.input
        var changed = operations.update(input[0..<3], with: gif, in: region)
        if configuration.radius { changed.formUnion(operations.update(input[3], with: radius, in: region)) }
        if configuration.neighbours == true {
            for (neighbour, at) in neighbours(before, after, end: pastChannel) {
                changed.formUnion(
                    operations.update(input[at..<at + 3], with: 1, neighbour ?? gif, -1, gif, in: region))
            }
        }
        return changed
    }

    /// The first network's input: G, the radius, the neighbours, and from here on the past, the cell.
    private var pastChannel: Int { 3 + (configuration.radius ? 1 : 0) + (configuration.neighbours == true ? 6 : 0) }

    /// Brings what the first network knows of the past up to date.
    /// - Returns: where it was not.
    private func updatePast(
        _ past: TensorView?, gif: TensorView, in region: Region?, state: State, _ operations: PixelOperations
    ) -> Region {
        let input = state.first.input
        guard configuration.past == true else { return Region(height: input.shape.height, width: input.shape.width) }
        return operations.update(input[pastChannel..<pastChannel + 3], with: 1, past ?? gif, -1, gif, in: region)
    }

    /// Writes how far the cells of the pixels' colors reach, the last six channels of the first network's input.
    private func fillCells(
        of input: Tensor, gif: TensorView, _ palettes: PaletteCache.Prepared, _ ids: UnsafeBufferPointer<UInt16>,
        in region: Region, on pool: WorkerPool
    ) {
        let cells = input[input.shape.channels - 6..<input.shape.channels]
        let width = input.shape.width
        nonisolated(unsafe) let ids = ids
        pool.forEach(input.shape.height) { row in
            let planes = (0..<6).map { cells.plane($0) }
            // Neighbours mostly share their color: look up only where it changes.
            var last: (color: SIMD3<Float>, id: UInt16)?
            var reach = PaletteColors.Reach(repeating: 0)
            for at in region[row].lowerBound + row * width..<region[row].upperBound + row * width {
                let color = SIMD3(gif.plane(0)[at], gif.plane(1)[at], gif.plane(2)[at])
                if last?.color != color || last?.id != ids[at] {
                    last = (color, ids[at])
                    func byte(_ value: Float) -> UInt8 { UInt8(min(max((value + 1) * 127.5 + 0.5, 0), 255)) }
                    let key = PaletteColors.key(byte(color.x), byte(color.y), byte(color.z))
                    reach = palettes.colors[Int(ids[at])]?.reach(of: key) ?? .zero
                }
                for side in 0..<6 { planes[side][at] = reach[side] }
            }
        }
    }

    /// Writes the step network's input: I, G, fC(I), G - fC(I), the radius, the neighbours.
    private func fillInput(
        of input: Tensor, estimate: TensorView, gif: TensorView, radius: TensorView, before: TensorView?,
        after: TensorView?, _ palettes: PaletteTable, _ ids: UnsafeBufferPointer<UInt16>, in region: Region,
        _ operations: PixelOperations
    ) {
        operations.copy(estimate, into: input[0..<3], in: region)
        operations.copy(gif, into: input[3..<6], in: region)
        if configuration.palette {
            operations.nearestColors(
                estimate, palettes, ids: ids, near: .init(gif: gif, radius: radius), into: input[6..<9], in: region)
            operations.scaledSum(1, gif, -1, input[6..<9], into: input[9..<12], in: region)
        }
        if configuration.radius { operations.copy(radius, into: input[configuration.palette ? 12 : 6], in: region) }
        if configuration.stepNeighbours == true {
            for (neighbour, at) in neighbours(before, after, end: input.shape.channels) {
                operations.scaledSum(1, neighbour ?? gif, -1, gif, into: input[at..<at + 3], in: region)
            }
        }
    }

    /// The neighbouring frames, and the channel where each one's difference begins; the last of them ends before `end`.
    private func neighbours(_ before: TensorView?, _ after: TensorView?, end: Int) -> [(TensorView?, Int)] {
        [(before, end - 6), (after, end - 3)]
    }

    private func squash(_ values: TensorView, _ operations: PixelOperations, in region: Region) {
        if configuration.residual { operations.clamp(values, in: region) } else { operations.tanh(values, in: region) }
    }
}

extension CCDNet.State {
    /// Notes the pixels' palettes.
    /// - Returns: which pixels had another one.
    fileprivate func repainted(_ palettes: PaletteTable, _ new: UnsafeBufferPointer<UInt16>) -> Region {
        let (height, width) = (begun.shape.height, begun.shape.width)
        defer { self.palettes = palettes }
        guard let known = self.palettes, ids.count == new.count else {
            ids = Array(new)
            return .all(height: height, width: width)
        }
        let replaced = known === palettes ? [] : palettes.differences(from: known)
        var region = Region(height: height, width: width)
        ids.withUnsafeMutableBufferPointer { old in
            for row in 0..<height {
                let range = row * width..<(row + 1) * width
                if replaced.isEmpty && Self.areEqual(old, new, range) { continue }
                let differs = { (at: Int) in old[at] != new[at] || replaced.contains(new[at]) }
                guard let first = range.first(where: differs), let last = range.last(where: differs) else { continue }
                region.insert(rows: row..<row + 1, columns: first - range.lowerBound..<last + 1 - range.lowerBound)
                for at in first...last { old[at] = new[at] }
            }
        }
        return region
    }

    private static func areEqual(
        _ a: UnsafeMutableBufferPointer<UInt16>, _ b: UnsafeBufferPointer<UInt16>, _ range: Range<Int>
    ) -> Bool {
        guard let a = a.baseAddress, let b = b.baseAddress else { return true }
        return memcmp(a + range.lowerBound, b + range.lowerBound, range.count * MemoryLayout<UInt16>.stride) == 0
    }
}
