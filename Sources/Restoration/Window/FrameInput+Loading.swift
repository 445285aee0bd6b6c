import Media
import PixelKernels
import Threads

extension FrameInput {
    /// Makes `flattened` of a part of the frame and of what the rest of it is known to be.
    func flatten(_ part: PixelRect, over known: [UInt8], on background: RGB) {
        // Nothing shows through: the frame's own pixels, without a copy.
        guard hasTransparency else { return flattened = frame.pixels }
        flattened = known
        let (width, frame) = (size.width, frame)
        flattened.withUnsafeMutableBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            frame.pixels.withUnsafeBufferPointer { source in
                nonisolated(unsafe) let source = source
                pool.forEach(max(part.height, 0)) { row in
                    let first = (part.y + row) * width + part.x
                    Self.flatten(source, first..<first + part.width, on: background, into: pixels)
                }
            }
        }
    }

    /// Writes a range of R, G, B, A pixels with the background wherever they are transparent; alpha stays.
    private static func flatten(
        _ source: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, on background: RGB,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        for at in stride(from: 4 * range.lowerBound, to: 4 * range.upperBound, by: 4) {
            let isOpaque = source[at + 3] != 0
            target[at] = isOpaque ? source[at] : background.red
            target[at + 1] = isOpaque ? source[at + 1] : background.green
            target[at + 2] = isOpaque ? source[at + 2] : background.blue
            target[at + 3] = source[at + 3]
        }
    }

    /// Brings a part of what the networks read up to date.
    /// - Parameters:
    ///   - part: of the frame.
    ///   - colors: of `gif`, a rectangle.
    ///   - knownIDs: the palettes of `gif` elsewhere.
    func load(_ part: Region, colors: Region, knownIDs: [UInt16]) {
        guard content.isForNetworks else { return }
        ids = frame.paletteMap.ids
        if isBanded { return }
        guard content.keepsAlpha else { return loadColors(flattened, colors) }
        flattened.withUnsafeBufferPointer { PixelOperations(on: pool).load(rgba: $0, into: matted.view, in: part) }
        guard hasTransparency else { return loadColors(flattened, colors) }
        loadColors(extended(over: colors.rect, knownIDs: knownIDs), colors)
    }

    /// The frame's pixels with the colors of the outline over the transparent ones beside it; `ids` follow.
    private func extended(over rect: PixelRect, knownIDs: [UInt16]) -> [UInt8] {
        var extended = flattened
        let own = ids
        ids = knownIDs
        ids.withUnsafeMutableBufferPointer { ids in
            for y in rect.y..<rect.maxY {
                let range = y * size.width + rect.x..<y * size.width + rect.maxX
                for at in range { ids[at] = own[at] }
            }
            extended.withUnsafeMutableBufferPointer { pixels in
                nonisolated(unsafe) let (pixels, ids) = (pixels, ids)
                // Visible pixels are read and others are written: the rows do not meet.
                let colors = ColorExtension(of: UnsafeBufferPointer(pixels), size: size, in: rect)
                pool.forEach(rect.height) { colors.extend(row: $0, of: pixels, ids: ids) }
            }
        }
        return extended
    }

    /// Makes a part of `gif` and `radius`, a rectangle.
    private func loadColors(_ pixels: [UInt8], _ part: Region) {
        let (width, colors, rect) = (size.width, palettes.colors, part.rect)
        pixels.withUnsafeBufferPointer { pixels in
            ids.withUnsafeBufferPointer { ids in
                radius.withUnsafeMutableBufferPointer { radius in
                    nonisolated(unsafe) let (pixels, ids, radius) = (pixels, ids, radius)
                    pool.forEach(rect.height) { row in
                        let first = (rect.y + row) * width + rect.x
                        Self.fillRadius(pixels, ids, first..<first + rect.width, colors, into: radius)
                    }
                }
            }
            PixelOperations(on: pool).load(rgba: pixels, into: gif.view, in: part)
        }
    }

    static func fillRadius(
        _ pixels: UnsafeBufferPointer<UInt8>, _ ids: UnsafeBufferPointer<UInt16>, _ range: Range<Int>,
        _ colors: [PaletteColors?], into radius: UnsafeMutableBufferPointer<Float>
    ) {
        // Neighbors mostly share their color: look up only where it changes.
        var lastID = UInt16.max
        var lastKey = UInt32.max
        var value: Float = 0
        for pixel in range {
            let key = PaletteColors.key(pixels[pixel * 4], pixels[pixel * 4 + 1], pixels[pixel * 4 + 2])
            if key != lastKey || ids[pixel] != lastID {
                lastKey = key
                lastID = ids[pixel]
                value = colors[Int(lastID)]?.radius(of: key) ?? 0
            }
            radius[pixel] = value
        }
    }
}

extension Region {
    /// A rectangle of a picture.
    init(_ rect: PixelRect, of size: PixelSize) {
        self.init(height: size.height, width: size.width)
        insert(rows: rect.y..<max(rect.y, rect.maxY), columns: rect.x..<max(rect.x, rect.maxX))
    }

    /// The rectangle that it is.
    fileprivate var rect: PixelRect {
        guard let top = (0..<height).first(where: { !self[$0].isEmpty }) else {
            return PixelRect(x: 0, y: 0, width: 0, height: 0)
        }
        let rows = (top..<height).prefix { self[$0] == self[top] }
        precondition((rows.upperBound..<height).allSatisfy { self[$0].isEmpty }, "a region of several rectangles")
        return PixelRect(x: self[top].lowerBound, y: top, width: self[top].count, height: rows.count)
    }
}
