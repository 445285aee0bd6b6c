import ArgumentParser
import Media
import Output

/// Joins two streams of pictures, left and right, into one. A picture of each stays until its time is over.
final class SideBySide {
    private let writer: any PictureWriter
    private let part: PixelRect
    private let zoom: Int
    private let size: PixelSize
    /// Pictures that wait for the other side's.
    private var waiting: [[Picture]] = [[], []]
    /// Seconds that are written.
    private var position = Rational.zero

    /// - Parameters:
    ///   - part: what is shown of the canvas.
    ///   - maxMemory: bytes that a joined picture may take.
    /// - Throws: `ValidationError` where it would take more.
    init(_ writer: any PictureWriter, part: PixelRect, zoom: Int, maxMemory: Int) throws {
        self.writer = writer
        self.part = part
        self.zoom = zoom
        size = PixelSize(width: 2 * part.width * zoom + PictureBoard.gap, height: part.height * zoom)
        // Some wait in the encoder's pipe.
        guard 4 * size.area * Picture.bytesPerPixel <= maxMemory else {
            throw ValidationError(
                "pictures of \(size) take more memory than --max-memory leaves; see --crop and --zoom")
        }
    }

    /// - Parameter side: 0 left, 1 right.
    func add(_ picture: Picture, side: Int) throws {
        waiting[side].append(picture)
        while let left = waiting[0].first, let right = waiting[1].first {
            let ends = [left.start + left.duration, right.start + right.duration]
            let end = min(ends[0], ends[1])
            try writer.write(joined(left, right, duration: end - position))
            position = end
            for side in 0..<2 where ends[side] == end { waiting[side].removeFirst() }
        }
    }

    func finish() throws {
        try writer.finish()
    }

    private func joined(_ left: Picture, _ right: Picture, duration: Rational) -> Picture {
        var board = PictureBoard(size)
        board.show(left, part: part, zoom: zoom, left: 0, top: 0)
        board.show(right, part: part, zoom: zoom, left: part.width * zoom + PictureBoard.gap, top: 0)
        return Picture(size: size, pixels: board.pixels, start: position, duration: duration)
    }
}
