import Filesystem
import Media

/// Pictures that are needed again: the first ones in memory, those beyond that in a file without a name.
///
/// A picture that shares its pixels with the one before costs nothing. One thread at a time.
final class PictureStore {
    /// Bytes of the pictures in memory.
    static let usualMemory = 256 << 20

    private let memory: Int
    private var used = 0
    private var file: TemporaryFile?
    private var last: Picture?
    private var entries: [Entry] = []

    private struct Entry {
        let content: Content
        let start: Rational
        let duration: Rational
    }

    private enum Content {
        case memory(Picture)
        /// At this place of the file.
        case file(Int, size: PixelSize)
        /// As the entry before.
        case same
    }

    /// - Parameter memory: bytes of the pictures that are kept in memory.
    init(memory: Int) {
        self.memory = memory
    }

    /// - Throws: `TemporaryFile.Failure`.
    func append(_ picture: Picture) throws {
        entries.append(
            Entry(content: try content(of: picture), start: picture.start, duration: picture.duration))
        last = picture
    }

    private func content(of picture: Picture) throws -> Content {
        if let last, last.sharesPixels(with: picture) { return .same }
        if used + picture.pixels.count <= memory {
            used += picture.pixels.count
            return .memory(picture)
        }
        let open = try file ?? TemporaryFile()
        file = open
        let place = open.count
        try picture.pixels.withUnsafeBytes { try open.append($0) }
        return .file(place, size: picture.size)
    }

    /// Calls `body` with every picture, in order.
    /// - Throws: `TemporaryFile.Failure`, what `body` throws.
    func forEach(_ body: (Picture) throws -> Void) throws {
        var shown: Picture?
        for entry in entries {
            let picture =
                switch entry.content {
                case .memory(let picture): picture
                case .same: shown
                case .file(let place, let size): try read(place, size)
                }
            guard let picture else { preconditionFailure("the first picture repeats none") }
            shown = picture
            try body(
                Picture(size: picture.size, pixels: picture.pixels, start: entry.start, duration: entry.duration))
        }
    }

    private func read(_ place: Int, _ size: PixelSize) throws -> Picture {
        guard let file else { preconditionFailure("a place in a file that was made") }
        var pixels = [UInt8](repeating: 0, count: size.area * Picture.bytesPerPixel)
        try pixels.withUnsafeMutableBytes { try file.read(from: place, into: $0) }
        return Picture(size: size, pixels: pixels, start: .zero, duration: .zero)
    }
}
