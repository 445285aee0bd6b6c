import Media

/// Draws a GIF's images on the canvas one after the other: palettes, transparency, interlacing, clipping, disposal.
final class Compositor {
    let canvas: Canvas
    private let size: PixelSize
    /// The image before: what to do about it before the next one is drawn.
    private var pending: (disposal: GraphicControl.Disposal, rect: PixelRect) = (.keep, .empty)
    /// Whether any pixel of the image drawn last arrived.
    private(set) var hasDrawnPixels = false

    /// nil when there is not enough memory.
    init?(size: PixelSize) {
        guard let canvas = Canvas(size: size) else { return nil }
        self.canvas = canvas
        self.size = size
    }

    /// Draws the image whose header was just read from the stream, and reads its data to their end.
    ///
    /// - Throws: what is wrong with the image data; the pixels that arrived are drawn, and where the error is a
    ///   `.defect` the stream stands at the next block.
    func draw(
        _ header: GIFStream.ImageHeader, _ control: GraphicControl, from stream: GIFStream
    ) throws(GIFDecodingError) {
        hasDrawnPixels = false
        dispose()
        let colors = header.localColors ?? stream.globalColors ?? [0, 0, 0, 255, 255, 255]
        let palette = Palette(rgb: colors, transparentIndex: control.transparentIndex)
        let visible = header.rect.intersection(size.bounds)
        if control.disposal == .restore { canvas.keep(visible) }
        pending = (control.disposal, visible)
        guard !visible.isEmpty else {
            try stream.skipImageData()
            return
        }
        guard let number = canvas.slots.number(of: palette) else {
            throw stream.failure(
                .limitExceeded("more than \(PaletteSlots.maxCount) palettes on one canvas, which is the limit"))
        }
        do throws(GIFDecodingError) {
            try drawRows(header, visible, Brush(palette: palette, number: number), from: stream)
        } catch {
            try stream.skipImageData()
            throw error
        }
        try stream.skipImageData()
    }

    private func drawRows(
        _ header: GIFStream.ImageHeader, _ visible: PixelRect, _ brush: Brush, from stream: GIFStream
    ) throws(GIFDecodingError) {
        let row = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: header.rect.width)
        defer { row.deallocate() }
        let columns = UnsafeBufferPointer(rebasing: row[(visible.x - header.rect.x)...].prefix(visible.width))
        // Marks the pixels that did not arrive; where all 256 indices are colors, one of them is lost in the last row
        // of a damaged image.
        let missing = brush.transparentIndex >= 0 ? UInt8(brush.transparentIndex) : .max
        for y in InterlacedRows(height: header.rect.height, isInterlaced: header.isInterlaced) {
            let target = header.rect.y + y
            let isVisible = target < visible.maxY
            if !isVisible && !header.isInterlaced { return }
            row.update(repeating: missing)
            do throws(GIFDecodingError) {
                try stream.readRow(into: row)
            } catch {
                if isVisible && row.contains(where: { $0 != missing }) {
                    canvas.paint(
                        columns, x: visible.x, y: target, with: brush.withTransparentIndex(Int(missing)))
                    hasDrawnPixels = true
                }
                throw error
            }
            if isVisible { canvas.paint(columns, x: visible.x, y: target, with: brush) }
            hasDrawnPixels = true
        }
    }

    private func dispose() {
        switch pending.disposal {
        case .keep: break
        case .clear: canvas.clear(pending.rect)
        case .restore: canvas.restore()
        }
    }
}
