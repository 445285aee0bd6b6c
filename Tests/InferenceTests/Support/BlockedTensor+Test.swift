import CKernels
import PixelKernels
import Threads

@testable import Inference

extension BlockedTensor {
    /// A map with the values of some planes; `parts` are the channels of each map of a concatenation.
    convenience init(_ planes: Tensor, parts: [Int]? = nil, reach: Int, _ execution: Execution) {
        let lanes = Int(execution.kernels.lanes)
        let parts = parts ?? [planes.shape.channels]
        let blocks = parts.map { ($0 + lanes - 1) / lanes }
        self.init(
            channelBlocks: blocks.reduce(0, +), height: planes.shape.height, width: planes.shape.width, lanes: lanes,
            reach: reach)
        var (channel, block) = (0, 0)
        for (channels, count) in zip(parts, blocks) {
            Resampling.load(planes[channel..<channel + channels], into: self[block..<block + count], execution)
            channel += channels
            block += count
        }
    }

    /// For the output of a layer whose input is another map.
    convenience init(channels: Int, height: Int, width: Int, reach: Int = 0, _ execution: Execution) {
        let lanes = Int(execution.kernels.lanes)
        self.init(
            channelBlocks: (channels + lanes - 1) / lanes, height: height, width: width, lanes: lanes, reach: reach)
    }

    /// The first channels as planes.
    func planes(_ channels: Int, _ execution: Execution) -> Tensor {
        let planes = Tensor(channels, height, width)
        Resampling.store(view, into: planes.view, execution)
        return planes
    }
}

extension Execution {
    /// For one layer alone.
    init(_ kernels: Kernels, need: ScratchSize = ScratchSize(), workers: Int = 2) {
        self.init(
            kernels: kernels.table, workspace: Workspace(workers: workers, need: need),
            pool: WorkerPool(concurrency: workers))
    }
}
