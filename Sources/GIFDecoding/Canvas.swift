import Glibc
import Media

/// The picture that a GIF's images are drawn on, one after the other: color and palette number of every pixel.
///
/// Colors are 4 bytes R, G, B, A in memory (a little-endian word), 0 where transparent.
/// Rectangles given to the methods lie inside the canvas.
final class Canvas {
    let size: PixelSize
    let slots = PaletteSlots()

    private let colors: UnsafeMutablePointer<UInt32>
    private let numbers: UnsafeMutablePointer<UInt16>
    /// The state that disposal 3 restores: the rectangle, its colors and palette numbers.
    private var kept: (rect: PixelRect, colors: [UInt32], numbers: [UInt16])?
    /// Everything drawn since the last snapshot lies in here.
    private var touched: PixelRect
    private var last: (pixels: [UInt8], map: PaletteMap)?

    /// A transparent canvas; nil when there is not enough memory.
    ///
    /// - Parameter size: at least one pixel.
    init?(size: PixelSize) {
        precondition(size.width > 0 && size.height > 0, "a canvas has pixels")
        guard let colors = calloc(size.area, 4), let numbers = calloc(size.area, 2) else { return nil }
        self.size = size
        self.colors = colors.bindMemory(to: UInt32.self, capacity: size.area)
        self.numbers = numbers.bindMemory(to: UInt16.self, capacity: size.area)
        touched = size.bounds
        slots.shown[0] = size.area
    }

    deinit {
        free(colors)
        free(numbers)
    }

    /// Paints a part of one row.
    ///
    /// - Parameters:
    ///   - indices: palette indices, one a pixel, the first for column `x`; as many as fit the canvas.
    ///   - brush: the image's colors.
    func paint(_ indices: UnsafeBufferPointer<UInt8>, x: Int, y: Int, with brush: borrowing Brush) {
        precondition(x >= 0 && y >= 0 && y < size.height && x + indices.count <= size.width, "outside the canvas")
        let colors = colors + (y * size.width + x)
        let numbers = numbers + (y * size.width + x)
        let shown = slots.shown
        let number = brush.paletteNumber
        let transparent = brush.transparentIndex
        var painted = 0
        brush.colors.withUnsafeBufferPointer { table in
            for column in 0..<indices.count {
                let index = Int(indices[column])
                if index == transparent { continue }
                colors[column] = table[index]
                let before = numbers[column]
                if before != number {
                    shown[Int(before)] -= 1
                    numbers[column] = number
                    painted += 1
                }
            }
        }
        shown[Int(number)] += painted
        touch(PixelRect(x: x, y: y, width: indices.count, height: 1))
    }

    /// Makes a rectangle transparent (disposal 2).
    func clear(_ rect: PixelRect) {
        for y in rect.y..<max(rect.y, rect.maxY) {
            let start = y * size.width + rect.x
            (colors + start).update(repeating: 0, count: rect.width)
            for pixel in start..<start + rect.width {
                slots.shown[Int(numbers[pixel])] -= 1
                numbers[pixel] = 0
            }
        }
        slots.shown[0] += (rect.width * rect.height)
        touch(rect)
    }

    /// Keeps a rectangle as it is now, for `restore`.
    func keep(_ rect: PixelRect) {
        var colors: [UInt32] = []
        var numbers: [UInt16] = []
        colors.reserveCapacity((rect.width * rect.height))
        numbers.reserveCapacity((rect.width * rect.height))
        for y in rect.y..<max(rect.y, rect.maxY) {
            let start = y * size.width + rect.x
            colors.append(contentsOf: UnsafeBufferPointer(start: self.colors + start, count: rect.width))
            numbers.append(contentsOf: UnsafeBufferPointer(start: self.numbers + start, count: rect.width))
        }
        for number in numbers { slots.kept[Int(number)] += 1 }
        kept = (rect, colors, numbers)
    }

    /// Brings back what `keep` kept (disposal 3).
    func restore() {
        guard let (rect, colors, numbers) = kept else { return }
        kept = nil
        var source = 0
        for y in rect.y..<max(rect.y, rect.maxY) {
            for pixel in (y * size.width + rect.x)..<(y * size.width + rect.maxX) {
                let number = numbers[source]
                slots.kept[Int(number)] -= 1
                slots.shown[Int(number)] += 1
                slots.shown[Int(self.numbers[pixel])] -= 1
                self.numbers[pixel] = number
                self.colors[pixel] = colors[source]
                source += 1
            }
        }
        touch(rect)
    }

    /// Copies the canvas as it is now.
    ///
    /// - Returns: colors, palettes, and the smallest rectangle around what differs from the snapshot before; the whole
    ///   canvas the first time. Copies are shared with the snapshot before where nothing differs.
    func snapshot() -> (pixels: [UInt8], map: PaletteMap, changed: PixelRect) {
        defer { touched = .empty }
        guard let last else {
            let first = copy()
            self.last = first
            return (first.pixels, first.map, size.bounds)
        }
        let changed = difference(in: touched, from: last.pixels, last.map.ids)
        let current = changed.isEmpty ? last : copy()
        self.last = current
        return (current.pixels, current.map, changed)
    }

    private func copy() -> (pixels: [UInt8], map: PaletteMap) {
        let pixels = [UInt8](unsafeUninitializedCapacity: size.area * 4) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(start: colors, count: size.area * 4))
            count = size.area * 4
        }
        let ids = [UInt16](unsafeUninitializedCapacity: size.area) { buffer, count in
            _ = buffer.update(from: UnsafeBufferPointer(start: numbers, count: size.area))
            count = size.area
        }
        return (pixels, PaletteMap(ids: ids, palettes: slots.publish()))
    }

    /// The smallest rectangle around the pixels of `rect` that differ from an earlier copy.
    private func difference(in rect: PixelRect, from pixels: [UInt8], _ ids: [UInt16]) -> PixelRect {
        pixels.withUnsafeBytes { oldPixels in
            ids.withUnsafeBytes { oldNumbers in
                let oldColors = oldPixels.bindMemory(to: UInt32.self)
                let oldNumbers = oldNumbers.bindMemory(to: UInt16.self)
                var changed = PixelRect.empty
                for y in rect.y..<max(rect.y, rect.maxY) {
                    let row = y * size.width
                    let differs = { (x: Int) in
                        self.colors[row + x] != oldColors[row + x] || self.numbers[row + x] != oldNumbers[row + x]
                    }
                    let columns = rect.x..<rect.maxX
                    guard let left = columns.first(where: differs), let right = columns.last(where: differs) else {
                        continue
                    }
                    changed = changed.union(PixelRect(x: left, y: y, width: right - left + 1, height: 1))
                }
                return changed
            }
        }
    }

    private func touch(_ rect: PixelRect) {
        touched = touched.union(rect)
    }
}
