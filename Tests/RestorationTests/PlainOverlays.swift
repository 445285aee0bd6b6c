import Media

@testable import Restoration

/// The overlays of two frames, found pixel by pixel over the whole picture, as `OverlayFinder` defines them.
struct PlainOverlays {
    let size: PixelSize
    let a: OverlayFinder.Sight
    let b: OverlayFinder.Sight

    /// The mask of `OverlayFinder.find`.
    func mask(isDragged: [Bool]) -> [UInt8] {
        var mask = [UInt8](repeating: 0, count: size.area)
        guard size.width >= 8 && size.height >= 8 else { return mask }
        var (still, edges) = (mask, mask)
        for pixel in inner where isStill(pixel) { still[pixel] = 1 }
        for pixel in inner where contrast(pixel) > 120 && around(pixel, 1).allSatisfy({ still[$0] == 1 }) {
            edges[pixel] = 1
        }
        var left = Set(inner.filter { still[$0] == 1 && around($0, 4).contains(where: { edges[$0] == 1 }) })
        while let first = left.popFirst() {
            var component = [first]
            var next = 0
            while next < component.count {
                for other in around(component[next], 1) where left.remove(other) != nil { component.append(other) }
                next += 1
            }
            let dragged = component.filter { isDragged[$0] }.count
            let least = (100 * component.count <= 3 * size.area ? 3 : 15) * component.count
            let atEdges = component.filter { edges[$0] == 1 }.count
            guard dragged > 0 && 100 * dragged >= least && atEdges >= 4 else { continue }
            for pixel in component.flatMap({ around($0, 1) }) { mask[pixel] = 1 }
        }
        return mask
    }

    private var inner: [Int] {
        (1..<size.height - 1).flatMap { y in (1..<size.width - 1).map { y * size.width + $0 } }
    }

    /// The pixels of the picture that are at most so many rows and columns away.
    private func around(_ pixel: Int, _ reach: Int) -> [Int] {
        let (x, y) = (pixel % size.width, pixel / size.width)
        return (max(y - reach, 0)...min(y + reach, size.height - 1)).flatMap { row in
            (max(x - reach, 0)...min(x + reach, size.width - 1)).map { row * size.width + $0 }
        }
    }

    private func isStill(_ pixel: Int) -> Bool {
        func colors(_ pixels: [UInt8]) -> ArraySlice<UInt8> { pixels[4 * pixel..<4 * pixel + 3] }
        let own = difference(pixel)
        let calm = around(pixel, 1).reduce(0) { $0 + difference($1) }
        return colors(a.gif) == colors(b.gif) || own <= 6 || (calm <= 72 && 20 * own <= contrast(pixel))
    }

    /// The largest of a channel.
    private func difference(_ pixel: Int) -> Int {
        (4 * pixel..<4 * pixel + 3).reduce(0) { max($0, abs(Int(a.restored[$1]) - Int(b.restored[$1]))) }
    }

    /// The smaller one of both frames, in sums of the channels.
    private func contrast(_ pixel: Int) -> Int {
        let ranges = [a.restored, b.restored].map { pixels in
            let sums = around(pixel, 1).map { at in (4 * at..<4 * at + 3).reduce(0) { $0 + Int(pixels[$1]) } }
            return sums.reduce(0, max) - sums.reduce(.max, min)
        }
        return ranges.reduce(.max, min)
    }
}
