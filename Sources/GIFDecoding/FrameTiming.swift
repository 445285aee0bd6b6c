import Media

/// Tells which images are frames of their own, and how long they stay: the one rule for decoder and scanner.
///
/// - A delay of 1 cs or less plays as 10 cs, a longer one as it is.
/// - An image with a delay is a frame.
/// - An image without a delay is a part of the next frame where it is a tile of it (`PictureParts`): encoders build
///   pictures of more than 256 colors from tiles. Any other is a frame of 10 cs, as browsers show it, and so is the last
///   image of all.
/// - A GIF that shows a frame without a delay before any delay was seen is untimed: each of its images is a frame of 10 cs
///   until a delay is seen.
///
/// The rule looks no further than the next image's header, so a pipe and a file give the same frames.
struct FrameTiming {
    private enum Pace {
        case unknown
        case untimed
        case timed
    }

    private var pace = Pace.unknown
    private var parts = PictureParts()
    /// The last image is drawn, and what becomes of it depends on what follows.
    private(set) var isHolding = false

    /// How long a frame with this delay stays, both in centiseconds.
    static func duration(delay: Int) -> Int {
        delay <= 1 ? 10 : delay
    }

    /// An image is drawn.
    ///
    /// - Parameters:
    ///   - rect: the image's place, which may reach beyond the canvas.
    ///   - canvas: size of the canvas, which no image changes any more.
    /// - Returns: its duration when it is a frame, nil when that depends on what follows.
    mutating func imageDrawn(_ control: GraphicControl, rect: PixelRect, canvas: PixelSize) -> Int? {
        precondition(!isHolding, "the image before must be decided first")
        if control.delay > 0 {
            pace = .timed
        } else if pace != .untimed && parts.add(rect, disposal: control.disposal, canvas: canvas) {
            isHolding = true
            return nil
        }
        return show(delay: control.delay)
    }

    /// The header of the next image is read.
    ///
    /// - Parameter rect: the next image's place.
    /// - Returns: the duration of the held image when it is a frame; nil when none is held or it is a part of the next
    ///   frame.
    mutating func imageFollows(rect: PixelRect) -> Int? {
        isHolding && parts.overlap(rect) ? end() : release()
    }

    /// No image follows.
    ///
    /// - Returns: the duration of the held image, which is a frame; nil when none is held.
    mutating func end() -> Int? {
        guard isHolding else { return nil }
        isHolding = false
        return show(delay: 0)
    }

    /// The held image stays a part.
    private mutating func release() -> Int? {
        isHolding = false
        return nil
    }

    /// A frame is complete.
    private mutating func show(delay: Int) -> Int {
        parts = PictureParts()
        if pace == .unknown { pace = .untimed }
        return Self.duration(delay: delay)
    }
}

/// The tiles that a frame is built from, as far as they came.
///
/// A tile stays when the next image is drawn (disposal 0 or 1), does not cover the whole canvas, and is overlapped by none of
/// the images up to the frame's last. An image that shows nothing, as it has no pixels or lies off the canvas, is a part, too.
struct PictureParts {
    /// More rectangles that do not join are no picture in tiles: comparing with all of them would take time that grows with
    /// the square of their number.
    static let limit = 1024

    /// Without overlap. Tiles that lie side by side, as encoders write them, are joined: few are left.
    private var rects: [PixelRect] = []
    /// The smallest rectangle around all of them.
    private var bounds = PixelRect.empty

    /// Adds an image that overlaps none of the parts.
    ///
    /// - Returns: false, with nothing added, where it is no tile.
    mutating func add(_ rect: PixelRect, disposal: GraphicControl.Disposal, canvas: PixelSize) -> Bool {
        let visible = rect.intersection(canvas.bounds)
        if visible.isEmpty { return true }
        guard disposal == .keep, visible != canvas.bounds, rects.count < Self.limit else { return false }
        bounds = bounds.union(visible)
        rects.append(visible)
        while let last = rects.last, let joined = rects.dropLast().last?.joined(with: last) {
            rects.removeLast(2)
            rects.append(joined)
        }
        return true
    }

    /// Whether an image overlaps any of the parts.
    func overlap(_ rect: PixelRect) -> Bool {
        overlaps(bounds, rect) && rects.contains { overlaps($0, rect) }
    }

    private func overlaps(_ a: PixelRect, _ b: PixelRect) -> Bool { !a.intersection(b).isEmpty }
}

extension PixelRect {
    /// The rectangle that two make up that lie side by side, with a whole side in common; nil where they do not.
    fileprivate func joined(with other: PixelRect) -> PixelRect? {
        let isRow = y == other.y && height == other.height && (maxX == other.x || other.maxX == x)
        let isColumn = x == other.x && width == other.width && (maxY == other.y || other.maxY == y)
        return isRow || isColumn ? union(other) : nil
    }
}
