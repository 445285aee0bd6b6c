import Inference
import PixelKernels

extension SuperSlomo {
    /// The activations for one canvas, the flows between the two frames of the window, and what was made of the last
    /// window: only what has changed since is computed, and only where something moves.
    public final class State {
        let flow: FlowState
        /// Of the states of the flow network, which take turns.
        let memory: NetworkMemory
        /// nil if the model has none.
        let views: FlowEnsemble?
        /// Made when it is first needed; also of the views.
        var large: CoarseFlow?
        /// nil if the model has none.
        let projection: FlowProjection?
        let refine: UNetState
        /// How the flows that were found last differ from those before, and their number.
        private(set) var flowLog = ChangeLog()
        private var flowNumber = 0
        /// The flows that were published, and where they move something: elsewhere they are 0, and so are what refinement
        /// adds to them and the visibility.
        private let published01: Tensor
        private let published10: Tensor
        private(set) var publishedMoving: Region
        /// Whether some of them follow a translation.
        private(set) var publishedIsTranslated = false
        private var publishedLog = ChangeLog()
        private var publishedNumber: Int?
        /// The origin of the last in-between.
        var refined: Refined
        let warped: Tensor
        /// The picture that `interpolate` made last.
        let blended: Tensor
        /// The two frames, by number, whose in-betweens are all the first one.
        private var held: (first: Int, second: Int)?

        /// The frames, the flows and the time of an in-between.
        struct Refined {
            /// The two frames and the flows, by number.
            var first: Int?
            var second: Int?
            var flow: Int?
            var time: Float = 0
            /// The region in which anything moved.
            var moving: Region
        }

        init(
            flow: FlowState, views: FlowEnsemble?, projection: FlowProjection?, in memory: NetworkMemory,
            refine: UNetState, height: Int, width: Int
        ) {
            (self.flow, self.views, self.memory, self.refine) = (flow, views, memory, refine)
            self.projection = projection
            (published01, published10) = (Tensor(2, height, width), Tensor(2, height, width))
            warped = Tensor(3, height, width)
            blended = Tensor(3, height, width)
            publishedMoving = Region(height: height, width: width)
            refined = Refined(moving: publishedMoving)
            // Before any were found they are 0.
            flowLog.append(flowNumber, height: height, width: width, change: nil)
        }

        /// The refined Ft0 and Ft1, [2, H, W] each, and the visibility, in [-1, 1], [1, H, W]: where network C has put
        /// its answer.
        var ft0: TensorView { refine.output[0..<2] }
        var ft1: TensorView { refine.output[2..<4] }
        var visibility: TensorView { refine.output[4] }

        /// The flows that were published.
        var f01: SequenceFrame { published(published01) }
        var f10: SequenceFrame { published(published10) }

        private func published(_ flow: Tensor) -> SequenceFrame {
            publishedNumber.map { SequenceFrame(flow.view, number: $0, log: publishedLog) } ?? SequenceFrame(flow.view)
        }

        /// Notes that other flows were found.
        /// - Parameter change: where they may differ from those before.
        func noteFlow(change: Region) {
            flowNumber += 1
            flowLog.append(flowNumber, height: change.height, width: change.width, change: change)
        }

        /// Notes that the flows that were found last were corrected.
        /// - Parameter region: they are 0 elsewhere.
        func noteFlow(in region: Region) {
            guard region != flow.moving else { return }
            flow.moving = region
            noteFlow(change: region)
        }

        /// Copies the flows that were found last to where network C reads them.
        func publishFlow(_ operations: PixelOperations) {
            let found = SequenceFrame(flow.f01, number: flowNumber, log: flowLog)
            let changed =
                found.changes(since: publishedNumber)
                ?? .all(height: published01.shape.height, width: published01.shape.width)
            operations.copy(flow.f01, into: published01.view, in: changed)
            operations.copy(flow.f10, into: published10.view, in: changed)
            (publishedNumber, publishedLog) = (flowNumber, flowLog)
            (publishedMoving, publishedIsTranslated) = (flow.moving, flow.isTranslated)
        }

        /// Whether the in-betweens of two frames are all the first one.
        func isHeld(_ first: Int, _ second: Int) -> Bool { held.map { $0 == (first, second) } ?? false }

        /// Notes that they are.
        func hold(_ first: Int, _ second: Int) { held = (first, second) }
    }

    /// Bytes of a state, with what is made when it is first needed.
    func stateBytes(height: Int, width: Int) -> Int {
        let area = height * width * MemoryLayout<Float>.stride
        let network = flow.stateBytes(height: height, width: width)
        // The flows that are published, a warped picture and the in-between.
        var bytes = network + refine.stateBytes(height: height, width: width) + (2 * 2 + 3 + 3) * area
        if configuration.flow.outputs == 2 { bytes += 2 * 2 * area }
        if hasViews { bytes += network + FlowEnsemble.channels * area }
        return bytes + CoarseFlow.bytes(height: height, width: width, self)
            + projectionBytes(height: height, width: width)
    }

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        let memory = NetworkMemory()
        func makeFlow() -> FlowState {
            FlowState(flow.makeState(height: height, width: width, in: memory, keepsMaps: true))
        }
        let found = makeFlow()
        let views =
            hasViews ? FlowEnsemble(height: height, width: width, thresholds.views, found: makeFlow()) : nil
        return State(
            flow: found, views: views, projection: makeProjection(height: height, width: width), in: memory,
            refine: refine.makeState(height: height, width: width), height: height, width: width)
    }
}
