public import GIFDecoding
public import Media
public import Output
public import Restoration
public import Threads

/// One GIF on its way from bytes to a sink: decoder, restorer, in-betweens and writer on threads of their own, joined by short
/// queues.
///
///     "decode" --frames(4)--> "restore" --pending pictures(4)--> "collect" --pictures(4)--> the caller of `run`
///
/// A slow sink slows the restorer, and that the decoder: memory is bounded by the queues. Those of a large canvas are shorter,
/// down to one element. Used once.
public final class RestorationStream {
    /// Frames that may wait for the restorer.
    public static let frameCapacity = Restorer.queueCapacity
    /// Drafts that may wait to be made pictures of, and pictures that may wait for the sink.
    public static let pictureCapacity = Restorer.queueCapacity
    /// Bytes of the frames, the pending pictures, and the pictures that may wait, each; one may be larger.
    public static let byteCapacity = Restorer.queueBytes

    /// The results of a finished stream.
    public struct Report: Sendable {
        /// GIF frames decoded that pictures were made of.
        public let frames: Int
        /// Pictures that the sink took.
        public let pictures: Int
        /// The classifier's verdict; nil where it was not asked.
        public let verdict: DitherVerdict?
        /// The defect for which the GIF's end could not be reached; the pictures before it were written.
        public let defect: GIFDecodingError?
        /// The work that was given up to be in time.
        public let losses: LivePace.Losses

        /// Whether the pictures are those that another run would make, all of them.
        public var isWhole: Bool { defect == nil && losses.total == 0 }
    }

    private let decoder: GIFDecoder
    private let restorer: Restorer
    private let pace: LivePace?
    private let options: RestorationOptions
    private let frameCount = Monitor(0)
    private let frames = BoundedQueue<Frame>(
        capacity: frameCapacity, byteCapacity: byteCapacity, bytes: { $0.size.area * Frame.bytesPerPixel })
    private let pendingPictures = BoundedQueue<PendingPicture>(
        capacity: pictureCapacity, byteCapacity: byteCapacity, bytes: { $0.size.area * Picture.bytesPerPixel })
    private let pictures = BoundedQueue<Picture>(
        capacity: pictureCapacity, byteCapacity: byteCapacity, bytes: { $0.size.area * Picture.bytesPerPixel })

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
        self.options = options
        self.pace = pace
        restorer = Restorer(models: models, options: options, pool: pool, pace: pace)
    }

    /// Runs the stream to its end on the calling thread and three more; returns when the sink is finished.
    ///
    /// A defective GIF is no error here, nor is one that plays for longer or makes more pictures than it may: everything before
    /// that is written, the sink is finished, and the report says what was wrong. When the sink fails, the other threads are told to stop and left behind: the decoder may
    /// be waiting for bytes.
    /// - Parameters:
    ///   - makeWriter: called with the first picture, which tells the canvas and the rate.
    ///   - frameDecoded: called after each frame, on the thread of the decoder, with the frame's start in centiseconds.
    ///   - progress: called after each picture with the number of pictures so far and the picture.
    /// - Throws: `GIFDecodingError` when not a single picture came, `CanvasTooLarge`, `NamedThread.Failure`, else what the sink
    ///   throws.
    public func run(
        makeWriter: (Picture) throws -> any PictureWriter, frameDecoded: @escaping @Sendable (Int) -> Void = { _ in },
        progress: (Int, Picture) -> Void = { _, _ in }
    ) throws -> Report {
        let (decoder, restorer) = (Handover(decoder), Handover(restorer))
        var threads: [NamedThread] = []
        do {
            // The last first: threads that are left behind by a failure wait for a queue that is cancelled.
            threads.append(
                try NamedThread("collect") { [pendingPictures, pictures] in Self.collect(pendingPictures, pictures) })
            threads.append(
                try NamedThread("restore") { [frames, pendingPictures] in
                    Self.restore(restorer.value, frames, pendingPictures)
                })
            threads.append(
                try NamedThread("decode") { [frames, frameCount, options] in
                    Self.decode(decoder.value, options, frames) { frame in
                        frameCount.update { $0 += 1 }
                        frameDecoded(frame.start)
                    }
                })
        } catch {
            cancel()
            throw error
        }
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
            cancel()
            throw error
        }
        for thread in threads { thread.join() }
        return Report(
            frames: frameCount.withLock(\.self), pictures: count, verdict: self.restorer.verdict, defect: defect,
            losses: (pace?.losses ?? before) - before)
    }

    private func cancel() {
        frames.cancel()
        pendingPictures.cancel()
        pictures.cancel()
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

    private static func decode(
        _ decoder: GIFDecoder, _ options: RestorationOptions, _ frames: BoundedQueue<Frame>,
        _ frameDecoded: (Frame) -> Void
    ) {
        do {
            while let frame = try decoder.next() {
                let count = options.rate.pictures(frames: frame.index + 1, duration: frame.start + frame.duration)
                if let excess = options.excess(ofPictures: count) {
                    throw GIFDecodingError(.limitExceeded(excess), name: decoder.name, frame: frame.index + 1)
                }
                frameDecoded(frame)
                guard frames.push(frame) else { return }
            }
            frames.finish()
        } catch {
            frames.finish(throwing: error)
        }
    }

    private static func restore(
        _ restorer: Restorer, _ frames: BoundedQueue<Frame>, _ pendingPictures: BoundedQueue<PendingPicture>
    ) {
        /// The sink has gone; nobody wants more.
        struct Stopped: Error {}
        func emit(_ pushPending: PendingPicture) throws {
            guard pendingPictures.push(pushPending) else { throw Stopped() }
        }
        do {
            var defect: (any Error)?
            do {
                while let frame = try frames.pop() { try restorer.pushPending(frame, emit: emit) }
            } catch let error as GIFDecodingError {
                defect = error
            }
            try restorer.finishPending(emit: emit)
            pendingPictures.finish(throwing: defect)
        } catch {
            frames.cancel()
            pendingPictures.finish(throwing: error)
        }
    }

    private static func collect(_ pendingPictures: BoundedQueue<PendingPicture>, _ pictures: BoundedQueue<Picture>) {
        do {
            while let pushPending = try pendingPictures.pop() {
                guard pictures.push(pushPending.picture()) else { return pendingPictures.cancel() }
            }
            pictures.finish()
        } catch {
            pictures.finish(throwing: error)
        }
    }
}
