import Configuration
import Filesystem
import Glibc
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Raw video for somebody who reads it as it is made: a FIFO, or standard output. GIF after GIF goes into one stream of one
/// size and rate, for as long as its reader stays. One thread at a time.
final class StreamSink: LiveSink {
    private let path: Path?
    private let format: StreamFormat
    private let size: OutputSize?
    private let wantedRate: () -> Rational
    /// Pictures per second of the stream that is open.
    private(set) var rate: Rational
    private let stop: StopSignal
    private var descriptor: Int32 = -1
    private var writer: (any PictureWriter)?
    private var canvas: PixelSize?

    /// - Parameters:
    ///   - path: a FIFO, created where it is missing; nil: standard output.
    ///   - size: of all pictures, by the first one's; nil: that of the first one.
    ///   - rate: pictures per second; asked for when the stream begins, as it cannot change in its midst.
    ///   - stop: raised to get a write out that waits for the reader.
    init(path: Path?, format: StreamFormat, size: OutputSize?, stop: StopSignal, rate: @escaping () -> Rational) {
        self.path = path
        self.format = format
        self.size = size
        wantedRate = rate
        self.rate = rate()
        self.stop = stop
    }

    deinit {
        close()
    }

    var keepsAlpha: Bool { format.keepsAlpha }
    let hasClock = false
    let pace = LivePace { Clock.steady }
    let waitsFor = "nobody reads"

    /// Opens the FIFO if somebody reads from it.
    /// - Returns: false when nobody does.
    /// - Throws: `SystemError`; ENOTSUP where something else than a FIFO has its name.
    func open() throws -> Bool {
        guard descriptor < 0 else { return true }
        guard let path else {
            // Standard output is opened anew, so that it does not become nonblocking for those who share it.
            descriptor = Glibc.open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemError(path: "/proc/self/fd/1", code: errno) }
            rate = wantedRate()
            return true
        }
        guard let opened = try FIFO.open(path, O_WRONLY, mode: 0o660) else { return false }
        descriptor = opened
        rate = wantedRate()
        return true
    }

    var isReaderGone: Bool {
        guard descriptor >= 0 else { return true }
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&entry, 1, 0) > 0 && Int32(entry.revents) & POLLERR != 0
    }

    func writer(
        for first: Picture, name: String, _ plan: RestorationPlan, arrives: Bool
    ) throws -> any PictureWriter {
        precondition(descriptor >= 0, "a sink is opened first")
        let canvas = try canvas ?? size?.size(of: first.size, plan.limits.decoding, name: name) ?? first.size
        self.canvas = canvas
        let stream = writer ?? makeWriter()
        writer = stream
        return plan.options.letterboxed(PacedWriter(stream, pace), to: canvas, scaler: plan.restoration.scaler)
    }

    private func makeWriter() -> any PictureWriter {
        let sink = ByteSink(
            descriptor: descriptor, name: path.map { "\($0)" } ?? "standard output", closes: false, stop: stop)
        return format.writer(sink, rate: rate)
    }

    // A picture that is taken is shown.
    func endGIF() {}
    func drop() {}
    func drain() {}

    func end() {
        close()
    }

    /// The next one begins with a header.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        writer = nil
        canvas = nil
    }
}

/// Tells the pace of a sink without a clock of its own when pictures were taken.
private final class PacedWriter: PictureWriter {
    private let writer: any PictureWriter
    private let pace: LivePace

    init(_ writer: any PictureWriter, _ pace: LivePace) {
        self.writer = writer
        self.pace = pace
    }

    func write(_ picture: Picture) throws {
        let began = Clock.steady
        try writer.write(picture)
        pace.wrote(picture, waited: Clock.steady - began)
    }

    func finish() throws {
        try writer.finish()
    }
}
