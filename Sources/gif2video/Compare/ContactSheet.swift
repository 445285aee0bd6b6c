import ArgumentParser
import Media

/// Two rows of pictures, one column a frame, on a neutral gray.
struct ContactSheet {
    private let canvas: PixelSize
    private let part: PixelRect
    private let zoom: Int
    private var board: PictureBoard
    /// Pictures in each row.
    private var counts = [0, 0]
    private static let gap = PictureBoard.gap

    /// - Parameters:
    ///   - canvas: size of all pictures.
    ///   - part: what is shown of them.
    ///   - maxMemory: bytes that the sheet may take.
    /// - Throws: where it would take more.
    init(columns: Int, canvas: PixelSize, part: PixelRect, zoom: Int, maxMemory: Int) throws {
        self.canvas = canvas
        self.part = part
        self.zoom = zoom
        let size = Self.size(columns: columns, part: part, zoom: zoom)
        guard size.area * Picture.bytesPerPixel <= maxMemory else {
            throw ValidationError(
                "a sheet of \(size) pixels takes more memory than the \(maxMemory >> 20) MiB that --max-memory leaves; "
                    + "see --frames, --crop and --zoom")
        }
        board = PictureBoard(size)
    }

    private static func size(columns: Int, part: PixelRect, zoom: Int) -> PixelSize {
        PixelSize(width: gap + columns * (part.width * zoom + gap), height: gap + 2 * (part.height * zoom + gap))
    }

    /// Shows a picture in the next column of a row: 0 the GIF, 1 restored.
    /// - Throws: where the GIF is not the one any more that the sheet was made for.
    mutating func add(_ picture: Picture, row: Int) throws {
        let (width, height) = (part.width * zoom, part.height * zoom)
        let left = Self.gap + counts[row] * (width + Self.gap)
        let top = Self.gap + row * (height + Self.gap)
        guard picture.size == canvas, left + width <= board.size.width else {
            throw ValidationError("the GIF changed while it was read")
        }
        counts[row] += 1
        board.show(picture, part: part, zoom: zoom, left: left, top: top)
    }

    /// The sheet, without the columns that no picture came for.
    consuming func finished() -> Picture {
        let columns = counts.max() ?? 0
        let narrow = Self.size(columns: columns, part: part, zoom: zoom)
        let size = board.size
        var pixels = board.pixels
        if narrow.width < size.width {
            for y in 1..<size.height {
                for at in 0..<narrow.width * 4 { pixels[y * narrow.width * 4 + at] = pixels[y * size.width * 4 + at] }
            }
            pixels.removeLast(pixels.count - narrow.area * 4)
        }
        return Picture(size: narrow, pixels: pixels, start: .zero, duration: Rational(1))
    }
}
