import PixelKernels

extension CompactUNet {
    /// The maps of a picture that goes through the network in bands of rows, from top to bottom: of each map those rows are in
    /// memory that a band needs, and what was computed for the band above is not computed again.
    final class BandMaps {
        private let network: CompactUNet
        private let maps: [BlockedTensor]
        private let wholes: [BlockedTensor?]
        private let views: [BlockedView]
        /// The band needs these of each map.
        private var needs: [Region]
        /// The part of each map that is computed, as far as it was needed last in a row, and the end of the rows that were needed.
        private var computed: [Region]
        private var ends: [Int]

        /// - Parameter layouts: of `bandLayouts`.
        init(_ network: CompactUNet, _ layouts: MapLayouts, in arena: Arena) {
            func tensor(_ layout: BlockedTensor.Layout) -> BlockedTensor {
                BlockedTensor(layout, in: arena.memory, at: arena.take(layout.byteCount))
            }
            self.network = network
            maps = layouts.maps.map(tensor)
            wholes = layouts.wholes.map { $0.map(tensor) }
            views = maps.map(\.view)
            needs = maps.map { Region(height: $0.height, width: $0.width) }
            (computed, ends) = (needs, maps.map { _ in 0 })
        }

        /// Computes what a band needs of all maps.
        /// - Parameters:
        ///   - needed: of the network's output, below what was needed before.
        ///   - chunk: rows of the first level that are made of the network's input at once, at most.
        ///   - fill: returns those rows of the input, all of them.
        func forward(
            needed: Region, chunk: Int, _ execution: Execution, fill: (_ rows: Range<Int>) -> TensorView
        ) {
            for index in needs.indices { needs[index].removeAll() }
            network.findNeeds(of: needed, of: &needs, inBlocks: true)
            for index in needs.indices {
                guard let rows = needs[index].rows else { continue }
                let kept = rows.clamped(to: rows.lowerBound..<max(ends[index], rows.lowerBound))
                maps[index].hold(
                    rows, keepingTo: ends[index], in: computed[index].columns(of: kept), on: execution.pool)
                ends[index] = max(ends[index], rows.upperBound)
            }
            for (index, layer) in network.layers.enumerated() {
                let update = bringUpToDate(index)
                guard let rows = update.rows else { continue }
                guard case .picture = layer.source else {
                    run(index, nil, at: update, execution)
                    continue
                }
                for first in stride(from: rows.lowerBound, to: rows.upperBound, by: chunk) {
                    let (part, reach) = (first..<min(first + chunk, rows.upperBound), layer.convolution.size / 2)
                    // The picture's edge goes on where the map is larger.
                    let top = min(max(part.lowerBound - reach, 0), (needed.height - 1) / 2)
                    let input = fill(2 * top..<min(2 * (part.upperBound + reach), needed.height))
                    run(index, input, from: top, at: update.rows(part), execution)
                }
            }
        }

        private func run(
            _ index: Int, _ input: TensorView?, from row: Int = 0, at update: Region, _ execution: Execution
        ) {
            let whole = wholes[index].map { whole -> (BlockedView, Region) in
                var read = Region(height: whole.height, width: whole.width)
                read.insertAllRead(for: update, reach: network.layers[index].convolution.size / 2)
                if let rows = read.rows { whole.hold(rows, keepingTo: 0, in: 0..<0, on: execution.pool) }
                return (whole.view, read)
            }
            network.run(index, of: views, input, from: row, whole, at: update, execution)
        }

        /// Writes a band of the output.
        /// - Parameters:
        ///   - rows: of the output, whole squares of 2 x 2.
        ///   - output: these rows.
        func store(_ rows: Range<Int>, into output: TensorView, _ execution: Execution) {
            let last = maps.count - 1
            let part = needs[last].part(rows.lowerBound / 2..<(rows.upperBound + 1) / 2)
            Resampling.store(
                views[last], from: rows.lowerBound / 2, scale: 2, into: output, at: part.patches, execution)
        }

        /// Notes that what is needed of a map is computed.
        /// - Returns: what was not before.
        private func bringUpToDate(_ index: Int) -> Region {
            var update = needs[index]
            for row in needs[index].rows ?? 0..<0 where !needs[index][row].isEmpty {
                if computed[index][row].clamped(to: needs[index][row]) == needs[index][row] {
                    update.remove(row: row)
                } else {
                    computed[index].replace(row: row, with: needs[index][row])
                }
            }
            return update
        }
    }

    /// The layouts of maps for bands of so many rows of pixels.
    func bandLayouts(height: Int, width: Int, band: Int) -> MapLayouts {
        let whole = layouts(height: height, width: width).maps
        var windows = whole.map { _ in 0 }
        for first in stride(from: 0, to: height, by: band) {
            // Rows alone matter.
            var needs = whole.map { Region(height: $0.height, width: $0.width) }
            var output = Region(height: height, width: width)
            output.insert(rows: first..<first + band, columns: 0..<width)
            findNeeds(of: output, of: &needs, inBlocks: true)
            for (index, need) in needs.enumerated() { windows[index] = max(windows[index], need.rows?.count ?? 0) }
        }
        return layouts(height: height, width: width, windows: windows)
    }
}
