public import Media
import Threads

/// A picture on its way out of the restorer: it is there, or it is an in-between that the pool's threads make while the
/// restorer is at the next frame.
///
/// One thread at a time.
public final class PendingPicture: @unchecked Sendable {
    public let size: PixelSize
    private let instant: OutputInstant
    private let content: Content

    enum Content {
        case pixels([UInt8])
        /// One of a window's.
        case inBetween(InBetweens, index: Int)
    }

    init(_ content: Content, at instant: OutputInstant, size: PixelSize) {
        (self.size, self.instant, self.content) = (size, instant, content)
    }

    /// The picture, which is waited for, and made where no other thread has begun to: what the restorer's own thread asks for.
    func finished() -> Picture {
        if case .inBetween(let window, _) = content { window.finish() }
        return picture()
    }

    /// Waits until the picture is there.
    public func picture() -> Picture {
        let pixels =
            switch content {
            case .pixels(let known): known
            case .inBetween(let window, let index): window.picture(index)
            }
        return Picture(size: size, pixels: pixels, start: instant.start, duration: instant.duration)
    }
}

/// In-betweens of one window, made one after the other as a job of the pool. All stay until the last of their pending pictures has gone.
final class InBetweens: Sendable {
    private let made: Monitor<[[UInt8]]>
    private let job: WorkerPool.Job

    /// - Parameters:
    ///   - count: how many.
    ///   - make: called for 0 ..< count, in order, on one thread; not any more when `finish` has returned.
    init(_ count: Int, on pool: WorkerPool, make: @escaping (Int) -> [UInt8]) {
        let made = Monitor<[[UInt8]]>([])
        self.made = made
        job = pool.begin { tell in
            for index in 0..<count {
                let pixels = make(index)
                made.update { $0.append(pixels) }
                tell()
            }
        }
    }

    /// Returns when all are made.
    func finish() { job.finish() }

    /// Waits for one of them.
    func picture(_ index: Int) -> [UInt8] {
        job.wait { made.withLock { $0.count > index } }
        return made.withLock { $0[index] }
    }
}
