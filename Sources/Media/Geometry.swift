/// Width and height in pixels.
public struct PixelSize: Hashable, Sendable, LosslessStringConvertible {
    /// Sides that a picture may have when its size is asked for.
    public static let sides = 1...16384

    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// As people write it: `640x480`, each side within `sides`.
    public init?(_ text: String) {
        let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], Self.sides.contains(width),
            Self.sides.contains(height)
        else { return nil }
        self.init(width: width, height: height)
    }

    /// Width times height.
    public var area: Int { width * height }
    /// The rectangle of this size at the origin.
    public var bounds: PixelRect { PixelRect(x: 0, y: 0, width: width, height: height) }
    public var description: String { "\(width)x\(height)" }
}

/// A rectangle of pixels, half open: columns x ..< x + width, rows y ..< y + height.
public struct PixelRect: Hashable, Sendable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    public static let empty = PixelRect(x: 0, y: 0, width: 0, height: 0)

    public var maxX: Int { x + width }
    public var maxY: Int { y + height }
    public var isEmpty: Bool { width <= 0 || height <= 0 }
    /// Width times height, 0 where it is empty.
    public var area: Int { isEmpty ? 0 : width * height }

    /// The pixels in both; `empty` when there are none.
    public func intersection(_ other: PixelRect) -> PixelRect {
        let left = max(x, other.x)
        let top = max(y, other.y)
        let right = min(maxX, other.maxX)
        let bottom = min(maxY, other.maxY)
        return right > left && bottom > top
            ? PixelRect(x: left, y: top, width: right - left, height: bottom - top) : .empty
    }

    /// The smallest rectangle around both; an empty one does not count.
    public func union(_ other: PixelRect) -> PixelRect {
        if isEmpty { return other }
        if other.isEmpty { return self }
        let left = min(x, other.x)
        let top = min(y, other.y)
        return PixelRect(
            x: left, y: top, width: max(maxX, other.maxX) - left, height: max(maxY, other.maxY) - top)
    }
}
