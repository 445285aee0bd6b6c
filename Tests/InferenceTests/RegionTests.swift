import Foundation
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct RegionTests {
    private func random(
        _ height: Int, _ width: Int, rectangles: Int, _ generator: inout SplitMix64
    ) -> (region: Region, pixels: Set<Int>) {
        var region = Region(height: height, width: width)
        var pixels: Set<Int> = []
        for _ in 0..<rectangles {
            let (y, x) = (Int.random(in: 0..<height, using: &generator), Int.random(in: 0..<width, using: &generator))
            let rows = y..<min(height, y + Int.random(in: 1...6, using: &generator))
            let columns = x..<min(width, x + Int.random(in: 1...6, using: &generator))
            region.insert(rows: rows, columns: columns)
            for row in rows { for column in columns { pixels.insert(row * width + column) } }
        }
        return (region, pixels)
    }

    private func pixels(of region: Region) -> Set<Int> {
        Set((0..<region.height).flatMap { row in region[row].map { row * region.width + $0 } })
    }

    @Test func regionsHoldWhatTheyStandFor() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<60 {
            let height = Int.random(in: 1...40, using: &generator)
            let width = Int.random(in: 1...40, using: &generator)
            let (region, pixels) = random(
                height, width, rectangles: Int.random(in: 0...3, using: &generator), &generator)
            let held = self.pixels(of: region)
            #expect(held.isSuperset(of: pixels) && region.area == held.count && region.isEmpty == held.isEmpty)
            let inPatches = region.patches.flatMap { patch in
                patch.rows.flatMap { row in patch.columns.map { row * width + $0 } }
            }
            #expect(Set(inPatches) == held && inPatches.count == held.count)
            let heldRows = Set(held.map { $0 / width })
            let wholeRows = heldRows.flatMap { row in (0..<width).map { row * width + $0 } }
            #expect(self.pixels(of: region.wholeRows) == Set(wholeRows))
            let rows = height / 3..<height
            let columns = held.filter { rows.contains($0 / width) }.map { $0 % width }
            let expected = columns.min().flatMap { first in columns.max().map { first..<$0 + 1 } } ?? 0..<0
            #expect(region.columns(of: rows) == expected)
            for (horizontally, vertically) in [(true, false), (false, true), (true, true)] {
                let mirrored = region.mirrored(horizontally: horizontally, vertically: vertically)
                let expected = held.map { pixel in
                    let (row, column) = (pixel / width, pixel % width)
                    return (vertically ? height - 1 - row : row) * width
                        + (horizontally ? width - 1 - column : column)
                }
                #expect(self.pixels(of: mirrored) == Set(expected))
            }
            let hull = region.hull
            #expect(self.pixels(of: hull).isSuperset(of: held) && Array(hull.patches).count == (held.isEmpty ? 0 : 1))
            #expect(
                hull.patches.allSatisfy {
                    $0.rows.contains(region.patches.first { _ in true }?.rows.lowerBound ?? -1)
                        && !region[$0.rows.upperBound - 1].isEmpty
                })
            let grown = self.pixels(of: region.grown(by: 2))
            let coarse = self.pixels(of: region.shrunk(by: 2, height: (height + 7) / 8 * 4, width: (width + 7) / 8 * 4))
            let fine = self.pixels(of: region.enlarged(by: 2, height: 2 * height - 1, width: 2 * width))
            var missed = 0
            for pixel in held {
                let (row, column) = (pixel / width, pixel % width)
                for y in max(0, row - 2)...min(height - 1, row + 2) {
                    for x in max(0, column - 2)...min(width - 1, column + 2) where !grown.contains(y * width + x) {
                        missed += 1
                    }
                }
                if !coarse.contains(row / 2 * ((width + 7) / 8 * 4) + column / 2) { missed += 1 }
                if !fine.contains(2 * row * 2 * width + 2 * column) { missed += 1 }
            }
            #expect(missed == 0)
            let (other, others) = random(height, width, rectangles: 2, &generator)
            let both = self.pixels(of: region.intersection(other))
            #expect(both == held.intersection(self.pixels(of: other)) && both.isSuperset(of: held.intersection(others)))
            // Pixels that are out of date stay so until they are taken, and are taken once.
            let all = Region.all(height: height, width: width)
            var stale = DirtyMask(height: height, width: width)
            var atFirst = region
            stale.take(all, into: &atFirst)
            stale.insert(region)
            let taken = [other, other, region, all].map { needed in
                var update = all
                stale.take(needed, into: &update)
                return self.pixels(of: update)
            }
            #expect(atFirst == all && taken[0] == both && taken[1].isEmpty && taken[3].isEmpty)
            #expect(taken[2].isSuperset(of: held.subtracting(both)) && taken[2].isSubset(of: held))
            // The Winograd blocks that are run are those that the region touches, each once, in any pieces.
            var runs = WinogradBlocks(runs: 1)
            runs.set(height: height, width: width)
            #expect(runs.count == (height + 3) / 4 * ((width + 3) / 4))
            runs.set(region)
            var blocks: [Int] = []
            for first in stride(from: 0, to: runs.count, by: 3) {
                runs.forEach(first..<min(runs.count, first + 3)) { block, count, before in
                    #expect(blocks.count == first + before)
                    blocks += block..<block + count
                }
            }
            let across = (width + 3) / 4
            #expect(blocks.count == Set(blocks).count)
            #expect(Set(blocks).isSuperset(of: held.map { $0 / width / 4 * across + $0 % width / 4 }))
        }
    }

    @Test func anUpdateFindsWhatDiffers() {
        let operations = PixelOperations(on: WorkerPool(concurrency: 2))
        let (height, width) = (30, 41)
        let target = Tensor.random(TensorShape(3, height, width), seed: "target")
        let source = Tensor(3, height, width)
        source.view.copy(from: target.view)
        #expect(operations.update(target.view, with: source.view).isEmpty)
        source.withUnsafeMutableBufferPointer { values in
            values[4 * width + 7] = 9
            values[(height + 4) * width + 11] = .nan
            values[(2 * height + 20) * width] = 8
        }
        let region = operations.update(target.view, with: source.view)
        #expect(Array(region.patches) == [.init(rows: 4..<5, columns: 7..<12), .init(rows: 20..<21, columns: 0..<1)])
        #expect(operations.update(target.view, with: source.view).isEmpty)
        let twice = operations.update(target.view, with: 2, source.view, -1, source.view)
        #expect(twice.isEmpty)
    }

    /// Fills a region of every channel with random values.
    private func change(_ tensor: Tensor, in region: Region, _ generator: inout SplitMix64) {
        let shape = tensor.shape
        tensor.withUnsafeMutableBufferPointer { values in
            for channel in 0..<shape.channels {
                for row in 0..<shape.height {
                    for column in region[row] {
                        values[channel * shape.plane + row * shape.width + column] =
                            Float.random(in: -1...1, using: &generator)
                    }
                }
            }
        }
    }

    /// A forward over the changed part of the input computes what a forward over all of it computes.
    @Test(arguments: Kernels.all)
    func aPartOfANetworkGivesWhatTheWholeGives(kernels: Kernels) throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        var generator = SplitMix64(seed: 5)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            let (height, width) = (75, 150)
            let partly = net.makeState(height: height, width: width, workers: 2)
            var whole = net.makeState(height: height, width: width, workers: 2)
            partly.input.view.copy(from: Tensor.random(partly.input.shape, seed: test.name).view)
            net.forward(partly, on: pool)
            for round in 0..<3 {
                let changed = random(height, width, rectangles: round % 3, &generator).region
                change(partly.input, in: changed, &generator)
                net.forward(partly, changed: changed, on: pool)
                whole = net.makeState(height: height, width: width, workers: 2)
                whole.input.view.copy(from: partly.input.view)
                net.forward(whole, on: pool)
                #expect(maximumError(partly.output.array, whole.output.array) < 1e-5, "\(test.name), \(round)")
            }
        }
    }

    /// Changes in a region that is not needed are computed when it is needed.
    @Test(arguments: [Kernels(), Kernels(atMost: .baseline, products: .openBLAS)])
    func whatIsNeededIsUpToDate(kernels: Kernels) throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        var generator = SplitMix64(seed: 11)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            let (height, width) = (75, 150)
            let whole = net.makeState(height: height, width: width, workers: 2)
            for band in [nil, 16] {
                let partly = net.makeState(height: height, width: width, workers: 2, band: band)
                partly.input.view.copy(from: Tensor.random(partly.input.shape, seed: test.name).view)
                for round in 0..<8 {
                    let changed = random(height, width, rectangles: round % 3, &generator).region
                    var needed = Region.all(height: height, width: width)
                    if round != 7 {
                        needed = random(height, width, rectangles: (round + 1) % 3, &generator).region.inSquares(of: 8)
                    }
                    change(partly.input, in: changed, &generator)
                    // Readers of the output may write there.
                    partly.output.view.fill(7)
                    net.forward(partly, changed: changed, needed: needed, on: pool)
                    whole.input.view.copy(from: partly.input.view)
                    net.forward(whole, on: pool)
                    var expected = whole.output.array
                    for index in expected.indices where !needed[index / width % height].contains(index % width) {
                        expected[index] = 7
                    }
                    #expect(
                        maximumError(partly.output.array, expected) < 1e-5,
                        "\(test.name), bands of \(band ?? height), round \(round)")
                }
            }
        }
    }

    /// States that share their maps remember nothing that the other one has written over, and a state that has gone is not
    /// taken for one that came later.
    @Test func statesMayTakeTurns() throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).")
            let (height, width) = (40, 52)
            let memory = NetworkMemory()
            let first = net.makeState(height: height, width: width, in: memory)
            let alone = net.makeState(height: height, width: width)
            let nothing = Region(height: height, width: width)
            for round in 0..<4 {
                let input = Tensor.random(first.input.shape, seed: "\(test.name) \(round / 2)")
                let second = net.makeState(height: height, width: width, in: memory)
                second.input.view.copy(from: Tensor.random(first.input.shape, seed: "\(round)").view)
                #expect(second.maps === first.maps)
                net.forward(second, changed: nothing, on: pool)
                for state in [first, alone] {
                    state.input.view.copy(from: input.view)
                    net.forward(state, changed: state === first && round % 2 == 1 ? nothing : nil, on: pool)
                }
                #expect(first.output.array == alone.output.array, "\(test.name), round \(round)")
                alone.input.view.copy(from: second.input.view)
                net.forward(alone, on: pool)
                #expect(second.output.array == alone.output.array, "\(test.name), round \(round)")
            }
        }
    }

    /// A large picture in bands is the picture in one piece.
    @Test(arguments: [Kernels(), Kernels(atMost: .baseline, products: .openBLAS)])
    func bandsDoNotShow(kernels: Kernels) throws {
        let tolerance: Float = 1e-5
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            for (height, width, band) in [(333, 90, 8), (331, 65, 64), (40, 205, 24), (9, 11, 8), (600, 20, 128)] {
                let banded = net.makeState(height: height, width: width, workers: 2, band: band)
                let whole = net.makeState(height: height, width: width, workers: 2)
                if case .shuffle = test.unet.architecture {
                    guard case .bands(let plan, _) = banded.maps.activations else {
                        Issue.record("\(test.name) is not in bands")
                        continue
                    }
                    #expect(plan.bands.count > 1)
                }
                let input = Tensor.random(whole.input.shape, seed: test.name)
                banded.input.view.copy(from: input.view)
                whole.input.view.copy(from: input.view)
                net.forward(banded, on: pool)
                net.forward(whole, on: pool)
                #expect(maximumError(banded.output.array, whole.output.array) <= tolerance, "\(test.name)")
                // A change in a corner: nothing else is written.
                input.withUnsafeMutableBufferPointer { $0[0] = 0.5 }
                banded.input.view.copy(from: input.view)
                whole.input.view.copy(from: input.view)
                var changed = Region(height: height, width: width)
                changed.insert(rows: 0..<1, columns: 0..<1)
                banded.output.view.fill(7)
                net.forward(banded, changed: changed, needed: changed.inSquares(of: 2), on: pool)
                net.forward(whole, on: pool)
                let (found, expected) = (banded.output.array, whole.output.array)
                #expect(abs(found[0] - expected[0]) <= tolerance && found[2] == 7, "\(test.name)")
            }
        }
    }
}
