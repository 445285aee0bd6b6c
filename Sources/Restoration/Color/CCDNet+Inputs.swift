import Inference
import PixelKernels
import Threads

extension CCDNet {
    /// The regions of the first network's input that were brought up to date.
    struct Update {
        /// Of the inputs made from the GIF's frames and their palettes: another estimate is made there.
        let frames: Region
        /// Of these and of the past.
        let all: Region
    }

    /// Brings the first network's input up to date.
    func update(_ state: State, with input: Input, _ operations: PixelOperations, on pool: WorkerPool) -> Update {
        let noted = state.history.note(input)
        // Values are compared there, in one rectangle.
        let seen = (frames: noted.frames?.hull, past: noted.past?.hull)
        var frames = state.history.repainted(input.palettes.table, input.ids)
        var past: Region?
        for name in layout.names where name != .cell {
            let target = layout.part(name, of: state.first.input)
            func difference(_ other: SequenceFrame?, in region: Region?) -> Region {
                operations.update(
                    target, with: 1, (other ?? input.gif).values, -1, input.gif.values, in: region)
            }
            switch name {
            case .gif: frames.formUnion(operations.update(target, with: input.gif.values, in: seen.frames))
            case .radius: frames.formUnion(operations.update(target, with: input.radius, in: seen.frames))
            case .before: frames.formUnion(difference(input.before, in: seen.frames))
            case .after: frames.formUnion(difference(input.after, in: seen.frames))
            case .past: past = difference(input.past, in: seen.past)
            case .cell, .estimate, .nearest, .error: break
            }
        }
        // Cells follow from colors and palettes.
        if layout.contains(.cell) {
            fillCells(layout.part(.cell, of: state.first.input), of: input, in: frames, on: pool)
        }
        var all = frames
        if let past { all.formUnion(past) }
        return Update(frames: frames, all: all)
    }

    /// Writes the first network's input, all of it.
    func fillFirst(_ target: Tensor, _ input: Input, _ operations: PixelOperations) {
        let gif = input.gif.values
        for name in layout.names {
            let part = layout.part(name, of: target)
            func fill(_ other: SequenceFrame?) {
                operations.scaledSum(1, (other ?? input.gif).values, -1, gif, into: part)
            }
            switch name {
            case .gif: part.copy(from: gif)
            case .radius: part.copy(from: input.radius)
            case .before: fill(input.before)
            case .after: fill(input.after)
            case .past: fill(input.past)
            case .cell:
                let all = Region.all(height: gif.shape.height, width: gif.shape.width)
                fillCells(part, of: input, in: all, on: operations.pool)
            case .estimate, .nearest, .error: break
            }
        }
    }

    /// Writes how far the cells of the pixels' colors reach, [6, H, W].
    private func fillCells(_ cells: TensorView, of input: Input, in region: Region, on pool: WorkerPool) {
        let (gif, colors, width) = (input.gif.values, input.palettes.colors, cells.shape.width)
        input.ids.withUnsafeBufferPointer { ids in
            nonisolated(unsafe) let ids = ids
            pool.forEach(cells.shape.height) { row in
                let planes = (0..<6).map { cells.plane($0) }
                // Neighbors mostly share their color: look up only where it changes.
                var last: (color: SIMD3<Float>, id: UInt16)?
                var reach = PaletteColors.Reach(repeating: 0)
                for at in region[row].lowerBound + row * width..<region[row].upperBound + row * width {
                    let color = SIMD3(gif.plane(0)[at], gif.plane(1)[at], gif.plane(2)[at])
                    if last?.color != color || last?.id != ids[at] {
                        last = (color, ids[at])
                        reach = colors[Int(ids[at])]?.reach(of: Self.key(color)) ?? .zero
                    }
                    for side in 0..<6 { planes[side][at] = reach[side] }
                }
            }
        }
    }

    private static func key(_ color: SIMD3<Float>) -> UInt32 {
        func byte(_ value: Float) -> UInt8 { UInt8(min(max((value + 1) * 127.5 + 0.5, 0), 255)) }
        return PaletteColors.key(byte(color.x), byte(color.y), byte(color.z))
    }

    /// Writes the step's input.
    func fillStep(
        _ target: Tensor, estimate: TensorView, _ input: Input, in region: Region, _ operations: PixelOperations
    ) {
        let gif = input.gif.values
        for name in stepLayout.names {
            let part = stepLayout.part(name, of: target)
            switch name {
            case .estimate: operations.copy(estimate, into: part, in: region)
            case .gif: operations.copy(gif, into: part, in: region)
            case .radius: operations.copy(input.radius, into: part, in: region)
            case .nearest:
                input.ids.withUnsafeBufferPointer {
                    operations.nearestColors(
                        estimate, input.palettes.table, ids: $0, near: .init(gif: gif, radius: input.radius),
                        into: part, in: region)
                }
            case .error:
                operations.scaledSum(
                    1, gif, -1, stepLayout.part(.nearest, of: target), into: part, in: region)
            case .before, .after, .past, .cell: break
            }
        }
    }
}
