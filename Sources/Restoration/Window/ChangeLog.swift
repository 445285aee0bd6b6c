import PixelKernels

/// The log of the regions in which the frames of one sequence differ from one another, by their numbers.
///
/// A consumer keeps the number of the frame that it read last, and asks where the next one may differ from it. The log
/// answers of the last few frames. A value: a copy is not told of later frames.
struct ChangeLog {
    /// More frames than there are slots in the window.
    static let usualMemory = 8

    private let memory: Int
    private var last = -1
    /// How each known frame differs from the one before it, the last frame at the end.
    private var changes: [Region] = []

    /// - Parameter memory: frames that it knows at a time. 0: it knows of none, and everything is looked at.
    init(memory: Int = usualMemory) {
        self.memory = memory
    }

    /// Adds a frame. Unless it comes right after the last one, the frames before it are forgotten.
    /// - Parameter change: where it may differ from the frame before it; nil: anywhere.
    mutating func append(_ number: Int, height: Int, width: Int, change: Region?) {
        if change == nil || number != last + 1 { changes = [] }
        last = number
        changes.append(change ?? .all(height: height, width: width))
        changes.removeFirst(max(0, changes.count - memory))
    }

    /// The region in which one frame may differ from an earlier one; for the frame itself it is empty.
    /// - Returns: nil, which means anywhere, if one of them is not known or the first comes after the second.
    func region(from first: Int?, to second: Int) -> Region? {
        let known = last - changes.count + 1...max(last, last - changes.count + 1)
        guard let first, let some = changes.last, first <= second, known.contains(first), known.contains(second)
        else { return nil }
        var region = Region(height: some.height, width: some.width)
        for number in first + 1..<second + 1 { region.formUnion(changes[number - known.lowerBound]) }
        return region
    }
}

/// A frame of a sequence, for consumers that have read earlier ones.
struct SequenceFrame {
    private(set) var values: TensorView
    /// nil: it is of no sequence.
    let number: Int?
    private let log: ChangeLog

    init(_ values: TensorView, number: Int, log: ChangeLog) {
        (self.values, self.number, self.log) = (values, number, log)
    }

    /// A frame of no sequence: nothing is known of how it differs from others.
    init(_ values: TensorView) {
        self.values = values
        number = nil
        log = ChangeLog(memory: 0)
    }

    /// The frame, seen in another way that follows from it.
    func with(_ values: TensorView) -> SequenceFrame {
        var frame = self
        frame.values = values
        return frame
    }

    /// The region in which it may differ from a frame of its sequence that a consumer read before; nil: anywhere.
    func changes(since earlier: Int?) -> Region? {
        number.flatMap { log.region(from: earlier, to: $0) }
    }
}
