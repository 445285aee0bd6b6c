/// Counts the pixels of components in a part of a picture, and tells which of them are overlays (see `OverlayFinder`). Components
/// that turn out to touch become one.
struct OverlayCandidates {
    /// Pixels at edges that an overlay holds at least.
    private static let leastEdges = 4
    /// Part of an overlay that in-betweens move at least, in percent; and the same of a small one, such as a letter, of
    /// which they move the border.
    private static let (leastDragged, leastOfSmall) = (15, 3)
    /// Part of the picture up to which a component is small, in percent.
    private static let small = 3

    /// Part of the pixels at edges of something that moves, and covers itself in part, in percent: of what stands those edges alone
    /// are taken for moved ones that lie along the film's motion.
    private static let mostFollowed: Int32 = 50

    /// Counts of a component's pixels, or of some of them.
    struct Count {
        var area: Int32 = 0
        /// At edges.
        var edges: Int32 = 0
        /// In-betweens move them.
        var dragged: Int32 = 0
        /// At edges, and the flows move them to where they are in the other frame.
        var followed: Int32 = 0
        /// Whether it may go on outside of the part.
        var isOpen = false

        mutating func add(_ other: Count) {
            area += other.area
            edges += other.edges
            dragged += other.dragged
            followed += other.followed
            isOpen = isOpen || other.isOpen
        }
    }

    private struct Component {
        /// A component with a lower number that it has become one with, or its own number.
        var parent: Int32
        var count = Count()
    }

    /// Bytes of a component.
    static let memory = MemoryLayout<Component>.stride

    /// Pixels of the picture.
    private let area: Int
    private var components: [Component] = []

    init(ofPixels area: Int) { self.area = area }

    mutating func removeAll() { components.removeAll(keepingCapacity: true) }

    /// Adds a component without pixels.
    /// - Returns: its number.
    mutating func add() -> Int {
        components.append(Component(parent: Int32(components.count)))
        return components.count - 1
    }

    /// Adds pixels to a component, whose number stands for it.
    mutating func count(_ pixels: Count, in number: Int) { components[number].count.add(pixels) }

    /// Makes one component of two.
    /// - Parameters: numbers that stand for them.
    /// - Returns: the number that stands for both.
    mutating func join(_ first: Int, _ second: Int) -> Int {
        if first == second { return first }
        let (kept, other) = (min(first, second), max(first, second))
        components[other].parent = Int32(kept)
        components[kept].count.add(components[other].count)
        return kept
    }

    /// The number that stands for a component.
    mutating func root(of number: Int) -> Int {
        var number = number
        while Int(components[number].parent) != number {
            components[number].parent = components[Int(components[number].parent)].parent
            number = Int(components[number].parent)
        }
        return number
    }

    /// For each number whether it stands for an overlay, once no component may go on.
    var overlays: [Bool] {
        components.indices.map { number in
            let count = components[number].count
            return components[number].parent == number && !count.isOpen && count.edges >= Self.leastEdges
                && isMovedEnough(area: Int(count.area), dragged: Int(count.dragged))
                && 100 * count.followed < Self.mostFollowed * count.edges
        }
    }

    /// Whether there are components that go on outside of the part and may be overlays.
    ///
    /// Several of the part may be one outside. All pixels that are moved lie in the part.
    var mayGoOn: Bool {
        let open = components.indices.filter { number in
            let count = components[number].count
            return components[number].parent == number && count.isOpen && count.dragged > 0
        }
        let dragged = open.reduce(0) { $0 + Int(components[$1].count.dragged) }
        return open.contains { isMovedEnough(area: Int(components[$0].count.area), dragged: dragged) }
    }

    /// Whether enough of a component is moved for an overlay. If not, it is not where the area is larger either.
    private func isMovedEnough(area: Int, dragged: Int) -> Bool {
        let least = 100 * area <= Self.small * self.area ? Self.leastOfSmall : Self.leastDragged
        return 100 * dragged >= max(least * area, 1)
    }
}
