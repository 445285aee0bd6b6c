import PixelKernels
import Testing
import Threads

@testable import Restoration

@Suite struct FlowProjectionTests {
    private static let (height, width) = (48, 96)
    /// Pixels that a flow of 1 stands for, and by which the square moves.
    private static let (scale, way): (Float, Int) = (80, 40)
    private let pool = WorkerPool(concurrency: 2)
    private var operations: PixelOperations { PixelOperations(on: pool) }

    /// A white square of 16 x 16 before a gray ground.
    private static func isSquare(_ x: Int, _ y: Int, at left: Int) -> Bool {
        (left..<left + 16).contains(x) && (16..<32).contains(y)
    }

    private func tensor(_ channels: Int, _ value: (_ channel: Int, _ x: Int, _ y: Int) -> Float) -> Tensor {
        let tensor = Tensor(channels, Self.height, Self.width)
        for channel in 0..<channels {
            for y in 0..<Self.height {
                for x in 0..<Self.width { tensor.view.plane(channel)[y * Self.width + x] = value(channel, x, y) }
            }
        }
        return tensor
    }

    /// Ft0 and Ft1 at a time, across, of a square that moves from column 8 to column 48.
    /// - Parameters:
    ///   - moving: where something moves.
    ///   - found: the color that the flows find of the square in the other frame.
    private func projected(
        at t: Float, in moving: Region = .all(height: height, width: width), found: Float = 1
    ) -> (first: (_ x: Int, _ y: Int) -> Float, second: (_ x: Int, _ y: Int) -> Float) {
        let projection = FlowProjection(height: Self.height, width: Self.width, error: 0.05, scale: Self.scale)
        projection.begin(in: moving, operations)
        for (index, left) in [8, 8 + Self.way].enumerated() {
            let flow = tensor(2) { channel, x, y in
                guard channel == 0, Self.isSquare(x, y, at: left) else { return 0 }
                return Float(index == 0 ? Self.way : -Self.way) / Self.scale
            }
            let frame = tensor(3) { _, x, y in Self.isSquare(x, y, at: left) ? 1 : 0 }
            // The ground that the square covers in the other frame isn't found there.
            let other = tensor(3) { _, x, y in
                Self.isSquare(x, y, at: left) ? found : Self.isSquare(x, y, at: 2 * 8 + Self.way - left) ? 1 : 0
            }
            projection.load(index, flow.view, frame: frame.view, found: other.view, in: moving, operations)
        }
        projection.finishLoading(operations)
        projection.project(at: t, operations)
        let flows = [Tensor(2, Self.height, Self.width), Tensor(2, Self.height, Self.width)]
        projection.write(
            0..<Self.height, at: t, into: flows[0].view, flows[1].view, in: moving, operations)
        func reader(_ flow: Tensor) -> (Int, Int) -> Float {
            { x, y in flow.values[y * Self.width + x] * Self.scale }
        }
        return (reader(flows[0]), reader(flows[1]))
    }

    /// Neither frame moves there: the paper's flows would be 0.
    @Test(arguments: [Float(0.25), 0.5, 0.75]) func aSquareOnItsWayLeadsToWhereItIsInBothFrames(t: Float) {
        let flows = projected(at: t)
        let left = 8 + Int(t * Float(Self.way))
        for (x, y) in [(left + 4, 20), (left + 8, 24), (left + 11, 27)] {
            // The ground arrives there too, from both frames, and is found as well: half of the way, at least.
            #expect(flows.first(x, y) <= -t * Float(Self.way) / 2 + 0.01)
            #expect(flows.second(x, y) >= (1 - t) * Float(Self.way) / 2 - 0.01)
        }
        #expect(flows.first(90, 40) == 0 && flows.second(90, 40) == 0)
    }

    @Test func flowsThatFindNothingHardlyCount() {
        let right = projected(at: 0.5), wrong = projected(at: 0.5, found: -1)
        #expect(abs(wrong.first(36, 24)) < abs(right.first(36, 24)) / 20)
    }

    /// A part of the picture, as where something moves in front of what stands.
    @Test func nothingIsWrittenOutsideOfWhatMoves() {
        var moving = Region(height: Self.height, width: Self.width)
        moving.insert(rows: 10..<39, columns: 3..<70)
        let (all, part) = (projected(at: 0.5), projected(at: 0.5, in: moving))
        for y in stride(from: 0, to: Self.height, by: 3) {
            for x in stride(from: 0, to: Self.width, by: 3) {
                let isInside = moving[y].contains(x)
                #expect(part.first(x, y) == (isInside ? all.first(x, y) : 0))
            }
        }
    }
}
