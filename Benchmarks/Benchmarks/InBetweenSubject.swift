import Foundation
import Inference
import PixelKernels
import Restoration
import Threads

/// All in-betweens of two frames, the flows between these included.
struct InBetweenSubject: Subject {
    private let probe: InBetweenProbe
    private let pool: WorkerPool

    init(_ command: Benchmarks.Command) throws {
        probe = try InBetweenProbe(
            try ModelFile.load(try command.need(command.file, "file")),
            height: try command.need(command.height, "height"), width: try command.need(command.width, "width"),
            count: try command.need(command.inBetweens, "inBetweens"))
        pool = command.pool
        try command.fill(probe.frames)
    }

    func run() { probe.run(on: pool) }

    /// Writes the last in-between.
    func writeOutput(to path: String) throws {
        let data = probe.last.withUnsafeBufferPointer { Data(buffer: $0) }
        try data.write(to: URL(fileURLWithPath: path))
    }
}
