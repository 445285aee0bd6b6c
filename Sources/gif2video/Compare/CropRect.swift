import ArgumentParser
import Media
import Output

/// A part of the canvas as `WxH+X+Y`.
struct CropRect: ExpressibleByArgument {
    let rect: PixelRect

    init?(argument: String) {
        let parts = argument.split(separator: "+", omittingEmptySubsequences: false)
        guard parts.count == 3, let size = PixelSize(argument: String(parts[0])), let x = Int(parts[1]),
            let y = Int(parts[2]), x >= 0, y >= 0
        else { return nil }
        rect = PixelRect(x: x, y: y, width: size.width, height: size.height)
    }

    /// - Throws: when nothing of it lies on the canvas.
    func inside(_ canvas: PixelSize) throws -> PixelRect {
        let part = rect.intersection(canvas.bounds)
        guard !part.isEmpty else { throw ValidationError("--crop lies outside the canvas of \(canvas)") }
        return part
    }
}
