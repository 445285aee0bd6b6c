import Media

/// Finds what stands in front of a film, such as a caption, and what a flow network would take along with the film.
///
/// A pixel is *known* where the GIF's frames are equal, or the restored ones differ by at most 6 levels, or by little against
/// the contrast around it: GIFs with a palette for each frame hold few equal pixels. An edge has not moved where the contrast is above 40
/// levels in both frames and all pixels around are known. Known pixels beside such edges that touch are a component: letters
/// without the flat film around them, which may be equal by chance. A component is an overlay where it has several such pixels
/// and where in-betweens move a good part of it, though both frames show that it stands. A background that stands is moved only
/// where something passes in front of it.
///
/// The rule for known pixels and edges finds 97 % of the pixels of generated captions, whoever made the GIF, and takes 0.3 %
/// of the film's wrongly (Training/studies/standing.py, Training/NOTES.md).
struct OverlayFinder {
    /// The rule's view of a frame: the GIF's colors and the restored ones, R, G, B, A.
    struct Sight {
        let gif: [UInt8]
        let restored: [UInt8]
    }

    /// Bytes a pixel.
    static let memory = 2 + 2 * 2 + 4

    /// Pixels at edges that a component holds at least.
    private static let leastEdges = 4
    /// Pixels beside an edge, in x and y, that belong to what has the edge.
    private static let reach = 4
    /// Part of a component that the flows take along at least, in percent; and the same of a small one, such as a letter, of
    /// which they take the border.
    private static let (leastDragged, leastOfSmall) = (15, 3)
    /// Part of the picture up to which a component is small, in percent.
    private static let small = 3
    /// Levels by which a pixel's restored colors may differ for it to be known by them.
    private static let near = 6

    /// Facts about a pixel.
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let equal = Flags(rawValue: 1)
        static let known = Flags(rawValue: 2)
        static let contrasting = Flags(rawValue: 4)
        static let member = Flags(rawValue: 8)
        static let edge = Flags(rawValue: 16)
        static let beside = Flags(rawValue: 32)
    }

    /// A component.
    private struct Component {
        var area = 0
        var edges = 0
        var dragged = 0
    }

    private let width: Int
    private let height: Int
    private var flags: [Flags]
    /// The largest difference of a channel.
    private var apart: [UInt8]
    /// The sum of the channels, of both frames.
    private var first: [Int16]
    private var second: [Int16]
    /// A pixel of the same component with a lower number, or the pixel itself; then the component's number.
    private var labels: [Int32]
    private var components: [Component] = []

    init(_ size: PixelSize) {
        (width, height) = (size.width, size.height)
        flags = Array(repeating: [], count: size.area)
        apart = Array(repeating: 0, count: size.area)
        first = Array(repeating: 0, count: size.area)
        second = first
        labels = Array(repeating: 0, count: size.area)
    }

    /// - Parameters:
    ///   - isDragged: whether in-betweens move a pixel.
    ///   - mask: one value a pixel; becomes 1 for those of overlays and the ones beside them, else 0.
    /// - Returns: whether there is any.
    mutating func find(_ a: Sight, _ b: Sight, isDragged: (Int) -> Bool, into mask: inout [UInt8]) -> Bool {
        for pixel in mask.indices { mask[pixel] = 0 }
        guard width >= 8 && height >= 8 else { return false }
        compare(a, b)
        findKnown()
        findMembers()
        join()
        count(isDragged)
        return mark(&mask)
    }

    private var inner: [Range<Int>] { (1..<height - 1).map { $0 * width + 1..<($0 + 1) * width - 1 } }

    private mutating func compare(_ a: Sight, _ b: Sight) {
        for pixel in 0..<width * height {
            var (most, sumA, sumB, isEqual) = (0, 0, 0, true)
            for byte in 4 * pixel..<4 * pixel + 3 {
                let (x, y) = (Int(a.restored[byte]), Int(b.restored[byte]))
                most = max(most, abs(x - y))
                sumA += x
                sumB += y
                isEqual = isEqual && a.gif[byte] == b.gif[byte]
            }
            apart[pixel] = UInt8(most)
            first[pixel] = Int16(sumA)
            second[pixel] = Int16(sumB)
            flags[pixel] = isEqual ? .equal : []
        }
    }

    private mutating func findKnown() {
        for row in inner {
            for pixel in row {
                var (lowA, highA, lowB, highB, sum) = (Int16.max, Int16.min, Int16.max, Int16.min, 0)
                for line in [pixel - width, pixel, pixel + width] {
                    for at in line - 1...line + 1 {
                        (lowA, highA) = (min(lowA, first[at]), max(highA, first[at]))
                        (lowB, highB) = (min(lowB, second[at]), max(highB, second[at]))
                        sum += Int(apart[at])
                    }
                }
                // Three times the levels, as the sums are of three channels.
                let contrast = Int(min(highA - lowA, highB - lowB))
                let (own, isEqual) = (Int(apart[pixel]), flags[pixel].contains(.equal))
                if isEqual || own <= Self.near || (sum <= 72 && 20 * own <= contrast) { flags[pixel].insert(.known) }
                if contrast > 120 { flags[pixel].insert(.contrasting) }
            }
        }
    }

    private mutating func findMembers() {
        for row in inner {
            for pixel in row where flags[pixel].contains(.contrasting) && hasKnownAround(pixel) {
                flags[pixel].insert(.edge)
            }
        }
        // The pixels beside an edge in its row, then the pixels beside those in their columns.
        for row in inner {
            var last = -1 - Self.reach
            for pixel in row {
                if flags[pixel].contains(.edge) {
                    for at in max(row.lowerBound, pixel - Self.reach, last + 1)...pixel { flags[at].insert(.beside) }
                    last = pixel
                } else if last >= row.lowerBound && pixel - last <= Self.reach {
                    flags[pixel].insert(.beside)
                }
            }
        }
        for x in 1..<width - 1 {
            var last = -1 - Self.reach
            for y in 1..<height - 1 {
                let pixel = y * width + x
                if flags[pixel].contains(.beside) {
                    for line in max(1, y - Self.reach, last + 1)...y { insertMember(line * width + x) }
                    last = y
                } else if last >= 1 && y - last <= Self.reach {
                    insertMember(pixel)
                }
            }
        }
    }

    private mutating func insertMember(_ pixel: Int) {
        if flags[pixel].contains(.known) { flags[pixel].insert(.member) }
    }

    private func hasKnownAround(_ pixel: Int) -> Bool {
        for line in [pixel - width, pixel, pixel + width] {
            for at in line - 1...line + 1 where !flags[at].contains(.known) { return false }
        }
        return true
    }

    /// The first pixel of a pixel's component, as far as it is joined.
    private mutating func root(of pixel: Int) -> Int {
        var pixel = pixel
        while Int(labels[pixel]) != pixel {
            labels[pixel] = labels[Int(labels[pixel])]
            pixel = Int(labels[pixel])
        }
        return pixel
    }

    /// Gives every pixel of a component the same label, and every component a number.
    private mutating func join() {
        for row in inner {
            for pixel in row where flags[pixel].contains(.member) {
                labels[pixel] = Int32(pixel)
                for other in [pixel - 1, pixel - width - 1, pixel - width, pixel - width + 1]
                where flags[other].contains(.member) {
                    let (own, theirs) = (root(of: pixel), root(of: other))
                    labels[max(own, theirs)] = Int32(min(own, theirs))
                }
            }
        }
        components.removeAll(keepingCapacity: true)
        for row in inner {
            for pixel in row where flags[pixel].contains(.member) {
                let label = Int(labels[pixel])
                if label == pixel {
                    components.append(Component())
                    labels[pixel] = Int32(-components.count)
                } else {
                    // A pixel before this one, which has its number.
                    labels[pixel] = labels[label]
                }
            }
        }
    }

    /// The component of a member.
    private func component(_ pixel: Int) -> Int { Int(-labels[pixel]) - 1 }

    private mutating func count(_ isDragged: (Int) -> Bool) {
        for row in inner {
            for pixel in row where flags[pixel].contains(.member) {
                components[component(pixel)].area += 1
                if flags[pixel].contains(.edge) { components[component(pixel)].edges += 1 }
                if isDragged(pixel) { components[component(pixel)].dragged += 1 }
            }
        }
    }

    private func isOverlay(_ component: Component) -> Bool {
        let isSmall = 100 * component.area <= Self.small * width * height
        let least = isSmall ? Self.leastOfSmall : Self.leastDragged
        return component.edges >= Self.leastEdges && 100 * component.dragged >= max(least * component.area, 1)
    }

    private func mark(_ mask: inout [UInt8]) -> Bool {
        let overlays = components.map { isOverlay($0) }
        guard overlays.contains(true) else { return false }
        for row in inner {
            for pixel in row where flags[pixel].contains(.member) && overlays[component(pixel)] {
                for line in [pixel - width, pixel, pixel + width] {
                    for at in line - 1...line + 1 { mask[at] = 1 }
                }
            }
        }
        return true
    }
}
