import CKernels
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

/// Memory that networks share, one after the other.
@Suite struct ArenaTests {
    /// Parts that were taken back are handed out again, as they are.
    @Test func partsAreHandedOutAgain() {
        let arena = Arena(byteCount: 3000)
        let first = arena.tensor(2, 10, 10)
        let mark = arena.used
        let second = arena.tensor(1, 10, 10)
        first.view.fill(1)
        second.view.fill(2)
        #expect(first.array.allSatisfy { $0 == 1 } && mark >= 800)
        arena.reset(to: mark)
        #expect(arena.tensor(1, 10, 10).array.allSatisfy { $0 == 2 })
        arena.reset()
        #expect(arena.tensor(2, 10, 10).array.allSatisfy { $0 == 1 })
    }

    /// Of a map of which some rows are in memory those keep their values that are still asked for, in the columns that are asked
    /// for, and all beyond the picture is zero.
    @Test(arguments: [0..<5, 1..<3, 3..<5, 2..<2]) func aMapHoldsItsRows(columns: Range<Int>) {
        let pool = WorkerPool(concurrency: 2)
        let layout = BlockedTensor.Layout(channelBlocks: 2, height: 37, width: 5, lanes: 8, reach: 1, window: 14)
        let arena = Arena(byteCount: layout.byteCount)
        arena.memory.base.initializeMemory(as: UInt8.self, repeating: 0x47, count: layout.byteCount)
        let map = BlockedTensor(layout, in: arena.memory, at: 0)
        func value(_ block: Int, _ y: Int, _ x: Int) -> Float { Float(block * 1000 + y * 10 + x) }
        var known = 0
        for rows in [0..<12, 0..<16, 8..<20, 16..<24, 28..<37] {
            map.hold(rows, keepingTo: known, in: columns, on: pool)
            let own = map.map(0..<2)
            for block in 0..<2 {
                for y in rows {
                    let line = own.values + block * own.channel_block + y * own.row
                    for x in 0..<5 {
                        if y < known, columns.contains(x) {
                            #expect(line[x * own.pixel + 3] == value(block, y, x))
                        }
                        line[x * own.pixel + 3] = value(block, y, x)
                    }
                    #expect(line[-own.pixel] == 0 && line[5 * own.pixel] == 0)
                }
                if rows.lowerBound == 0 { #expect((own.values + block * own.channel_block - own.row)[8] == 0) }
                if rows.upperBound == 37 { #expect((own.values + block * own.channel_block + 37 * own.row)[8] == 0) }
            }
            known = rows.upperBound
        }
    }

    /// An arena of a plan's size is enough, and all of it is given back.
    @Test func aPlanCountsWhatANetworkTakes() throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).")
            guard net.hasBands else { continue }
            let plan = net.bandPlan(height: 150, width: 70, band: 16, workers: 2)
            let arena = Arena(byteCount: plan.byteCount)
            var rows: [Int] = []
            net.forward(plan, in: arena, on: pool) {
                $1.fill(0)
            } take: {
                rows += Array($0); _ = $1
            }
            #expect(arena.used == 0 && rows == Array(0..<150))
            #expect(plan.byteCount < net.bandPlan(height: 150, width: 70, band: 64, workers: 2).byteCount)
        }
    }
}
