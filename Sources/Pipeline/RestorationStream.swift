public import GIFDecoding
public import Media
public import Output
public import Restoration
public import Threads

/// One GIF on its way from bytes to a sink: decoder, restorer and writer on threads of their own, joined by short queues.
///
///     "decode" --frames(4)--> "restore" --pictures(8)--> the caller of `run`
///
/// A slow sink slows the restorer, and that the decoder: memory is bounded by the two queues. Used once.
public final class RestorationStream {
    /// Frames that may wait for the restorer.
    public static let frameCapacity = 4
    /// Pictures that may wait for the sink.
    public static let pictureCapacity = 8

    /// What a finished stream did.
    public struct Report: Sendable {
        /// GIF frames decoded.
        public let frames: Int
        /// Pictures that the sink took.
        public let pictures: Int
        /// The classifier's verdict; nil where it was not asked.
        public let verdict: DitherVerdict?
        /// What was wrong with the GIF, where its end could not be reached; the pictures before it were written.
        public let defect: GIFDecodingError?
        /// What was given up to be in time.
        public let losses: LivePace.Losses

        /// Whether the pictures are those that another run would make, all of them.
        public var isWhole: Bool { defect == nil && losses.total == 0 }
    }

    private let decoder: GIFDecoder
    private let restorer: Restorer
    private let pace: LivePace?
    private let frames = BoundedQueue<Frame>(capacity: frameCapacity)
    private let pictures = BoundedQueue<Picture>(capacity: pictureCapacity)

    /// - Parameters:
    ///   - decoder: handed over: not for anybody else from now on.
    ///   - models: nil leaves the frames as they are.
    ///   - pool: may be shared with other streams.
    ///   - pace: of a sink that may not be late; nil: whatever it takes.
    public init(
        _ decoder: sending GIFDecoder, models: ModelSet?, options: RestorationOptions, pool: WorkerPool,
        pace: LivePace? = nil
    ) {
        self.decoder = decoder
        self.pace = pace
        restorer = Restorer(models: models, options: options, pool: pool, pace: pace)
    }

    /// Runs the stream to its end on the calling thread and two more; returns when the sink is finished.
    ///
    /// A defective GIF is no error here: everything before the defect is written, the sink is finished, and the report
    /// says what was wrong. When the sink fails, the other threads are told to stop and left behind: the decoder may
    /// be waiting for bytes.
    /// - Parameters:
    ///   - makeWriter: called with the first picture, which tells the canvas and the rate.
    ///   - frameDecoded: called after each frame, on the thread of the decoder, with the frame's start in centiseconds.
    ///   - progress: called after each picture with the number of pictures so far and the picture.
    /// - Throws: `GIFDecodingError` when not a single picture came, `CanvasTooLarge`, else what the sink throws.
    public func run(
        makeWriter: (Picture) throws -> any PictureWriter, frameDecoded: @escaping @Sendable (Int) -> Void = { _ in },
        progress: (Int, Picture) -> Void = { _, _ in }
    ) throws -> Report {
        let decoding = start("decode", Handover(decoder)) { decoder, frames, _ in
            Self.decode(decoder, frames, frameDecoded)
        }
        let restoring = start("restore", Handover(restorer), Self.restore)
        var writer: (any PictureWriter)?
        var count = 0
        var defect: GIFDecodingError?
        let before = pace?.losses ?? LivePace.Losses()
        do {
            while let picture = try nextPicture(&defect) {
                let open = try writer ?? makeWriter(picture)
                writer = open
                try open.write(picture)
                count += 1
                progress(count, picture)
            }
            if let defect, count == 0 { throw defect }
            try writer?.finish()
        } catch {
            frames.cancel()
            pictures.cancel()
            throw error
        }
        decoding.join()
        restoring.join()
        return Report(
            frames: decoder.frameCount, pictures: count, verdict: restorer.verdict, defect: defect,
            losses: (pace?.losses ?? before) - before)
    }

    private func nextPicture(_ defect: inout GIFDecodingError?) throws -> Picture? {
        do {
            return try pictures.pop()
        } catch let error as GIFDecodingError {
            defect = error
            return nil
        } catch var error as CanvasTooLarge {
            error.name = decoder.name
            throw error
        }
    }

    /// Something that one thread gives to another and does not touch until that has ended.
    private struct Handover<Value>: @unchecked Sendable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }

    private func start<Value>(
        _ name: String, _ handover: Handover<Value>,
        _ body: @escaping @Sendable (Value, BoundedQueue<Frame>, BoundedQueue<Picture>) -> Void
    ) -> NamedThread {
        NamedThread(name) { [frames, pictures] in body(handover.value, frames, pictures) }
    }

    private static func decode(
        _ decoder: GIFDecoder, _ frames: BoundedQueue<Frame>, _ frameDecoded: (Int) -> Void
    ) {
        do {
            while let frame = try decoder.next() {
                frameDecoded(frame.start)
                guard frames.push(frame) else { return }
            }
            frames.finish()
        } catch {
            frames.finish(throwing: error)
        }
    }

    private static func restore(
        _ restorer: Restorer, _ frames: BoundedQueue<Frame>, _ pictures: BoundedQueue<Picture>
    ) {
        /// The sink has gone; nobody wants more.
        struct Stopped: Error {}
        func emit(_ picture: Picture) throws {
            guard pictures.push(picture) else { throw Stopped() }
        }
        do {
            var defect: (any Error)?
            do {
                while let frame = try frames.pop() { try restorer.push(frame, emit: emit) }
            } catch let error as GIFDecodingError {
                defect = error
            }
            try restorer.finish(emit: emit)
            pictures.finish(throwing: defect)
        } catch {
            frames.cancel()
            pictures.finish(throwing: error)
        }
    }
}
