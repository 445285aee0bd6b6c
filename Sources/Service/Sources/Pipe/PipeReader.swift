import Configuration
import Filesystem
import GIFDecoding
import Glibc
import Threads

/// A FIFO whose writers come and go. One thread at a time.
final class PipeReader {
    /// The reason for which waiting for bytes ended.
    enum Arrival {
        case bytes
        /// The time is over, or all there was is the end of a writer.
        case woken
        case stopped
    }

    private let source: PipeSource
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private var taken = 0
    /// The writers have gone; what they wrote is read.
    private(set) var isAtEnd = false

    /// Opens the FIFO; creates it where it is missing.
    /// - Throws: `SystemError`; ENOTSUP where something else than a FIFO has its name.
    init(_ source: PipeSource) throws(SystemError) {
        self.source = source
        descriptor = try Self.open(source)
    }

    deinit {
        close(descriptor)
    }

    private static func open(_ source: PipeSource) throws(SystemError) -> Int32 {
        guard let descriptor = try FIFO.open(source.path, O_RDONLY, mode: source.mode) else {
            preconditionFailure("reading a FIFO waits for nobody")
        }
        return descriptor
    }

    /// Waits for the first bytes of the next GIF; opens the FIFO anew when its writers have gone.
    /// - Parameter seconds: at most that long.
    func waitForBytes(_ stop: StopSignal, seconds: Double) throws -> Arrival {
        if taken < buffer.count { return .bytes }
        if isAtEnd {
            // Opens before it closes: a writer who comes in between finds a reader.
            let next = try Self.open(source)
            close(descriptor)
            descriptor = next
            isAtEnd = false
        }
        if stop.wait(for: descriptor, events: POLLIN, seconds: seconds) != 0 {
            fill()
            return taken < buffer.count ? .bytes : .woken
        }
        return stop.isRaised ? .stopped : .woken
    }

    /// Copies the bytes that are there; waits if there are none.
    /// - Returns: 0 at the end, or when `stop` is raised.
    func read(into target: UnsafeMutableRawBufferPointer, _ stop: StopSignal) throws(ByteSourceError) -> Int {
        while taken == buffer.count {
            if isAtEnd { return 0 }
            if stop.wait(for: descriptor, events: POLLIN) == 0 { return 0 }
            let failure = fill()
            if failure != 0 { throw ByteSourceError(code: failure) }
        }
        let count = min(target.count, buffer.count - taken)
        buffer.withUnsafeBytes {
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[taken..<taken + count]))
        }
        taken += count
        return count
    }

    /// One read.
    /// - Returns: errno where it failed.
    @discardableResult
    private func fill() -> Int32 {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        if count > 0 {
            buffer = Array(bytes[0..<count])
            taken = 0
        } else if count == 0 {
            isAtEnd = true
        } else if errno != EAGAIN && errno != EINTR {
            isAtEnd = true
            return errno
        }
        return 0
    }

    /// Drops all bytes until the writers have gone or pause.
    /// - Parameter seconds: without a byte, which are a pause.
    func discard(untilQuietFor seconds: Double, _ stop: StopSignal) {
        repeat {
            buffer = []
            taken = 0
            if isAtEnd || stop.wait(for: descriptor, events: POLLIN, seconds: seconds) == 0 { return }
            fill()
        } while !stop.isRaised
    }

    /// Drops bytes up to the next GIF's first, after one that could not be read to its end.
    func skipToNextGIF(_ stop: StopSignal) {
        var window: [UInt8] = []
        while !stop.isRaised {
            var byte: UInt8 = 0
            guard let count = try? withUnsafeMutableBytes(of: &byte, { try read(into: $0, stop) }), count == 1 else {
                return
            }
            window = (window + [byte]).suffix(6)
            if window == Array("GIF89a".utf8) || window == Array("GIF87a".utf8) {
                buffer = window + buffer[taken...]
                taken = 0
                return
            }
        }
    }
}

/// One GIF's bytes from a pipe, until it is closed.
final class PipeSegment: ByteSource, Sendable {
    private struct State: @unchecked Sendable {
        let reader: PipeReader
        var isClosed = false
    }

    private let state: Monitor<State>
    /// Controls the run that reads. Ending it ends a read that waits.
    private let handle: RunHandle

    /// - Parameter reader: lent until `close`.
    init(_ reader: PipeReader, _ handle: RunHandle) {
        state = Monitor(State(reader: reader))
        self.handle = handle
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        // The writer decides how fast bytes come: waiting for it is no fault.
        try handle.waiting { () throws(ByteSourceError) in
            try state.withLock { state throws(ByteSourceError) in
                state.isClosed ? 0 : try state.reader.read(into: buffer, handle.stop)
            }
        }
    }

    /// Takes the pipe back: a decoder that was left behind reads nothing more.
    /// - Parameter isWhole: whether the GIF was read to its end; if not, the run is ended, as a read may be waiting.
    /// - Returns: whether the pipe may stand in the middle of a GIF.
    func close(isWhole: Bool) -> Bool {
        if !isWhole { handle.end(.draining) }
        return state.withLock { state in
            state.isClosed = true
            return !isWhole && !state.reader.isAtEnd
        }
    }
}
