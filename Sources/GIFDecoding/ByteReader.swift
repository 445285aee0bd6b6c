/// Exact reads from a byte source, with the position and the reason why reading stopped.
final class ByteReader {
    private let source: any ByteSource
    /// Bytes taken so far: the offset of the next one from the first byte of the GIF.
    private(set) var position = 0
    /// The source gave fewer bytes than were asked for.
    private(set) var reachedEnd = false
    /// The system's error that ended reading.
    private(set) var error: ByteSourceError?
    /// Reading ended as more was asked for than is allowed.
    private(set) var exceedsLimit = false
    /// The position at which reading ends, whatever the source holds.
    private var limit = Int.max

    init(_ source: any ByteSource) {
        self.source = source
    }

    /// Whether reading ended, and not as the source did.
    var hasFailed: Bool { error != nil || exceedsLimit }

    /// An error at the place that was read last; a failed read of the system, or the limit, is the error instead if that
    /// ended reading.
    /// - Parameter frame: the frame that the error names, from 1; nil before the first image.
    func failure(
        _ reason: GIFDecodingError.Reason, name: String, frame: Int?, _ limits: DecodingLimits
    ) -> GIFDecodingError {
        let reason =
            error.map { .unreadable(code: $0.code, text: $0.description) }
            ?? (exceedsLimit ? .limitExceeded(limits.paddingExcess) : reason)
        return GIFDecodingError(reason, name: name, frame: frame, offset: position)
    }

    /// Lets at most so many bytes be read from here on.
    func allow(_ count: Int) {
        let (sum, overflows) = position.addingReportingOverflow(count)
        limit = overflows ? .max : sum
    }

    /// Fills the buffer as far as the source goes.
    ///
    /// - Returns: the number of bytes read; fewer than `buffer.count` only at the end of the input, at the limit or after an
    ///   error.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < buffer.count && !reachedEnd {
            guard position < limit else {
                exceedsLimit = true
                reachedEnd = true
                return done
            }
            do throws(ByteSourceError) {
                let rest = buffer[done...].prefix(limit - position)
                let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: rest))
                done += count
                position += count
                reachedEnd = count == 0
            } catch {
                self.error = error
                reachedEnd = true
            }
        }
        return done
    }

    /// The next `count` bytes, or nil when the source ends before.
    func bytes(_ count: Int) -> [UInt8]? {
        let bytes = bytes(upTo: count)
        return bytes.count == count ? bytes : nil
    }

    /// The next `count` bytes, or what is left before the end.
    func bytes(upTo count: Int) -> [UInt8] {
        // The thread sanitizer sees the standard library write to the empty array that all threads share.
        if count == 0 { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = read(into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
        }
    }

    /// The kind of a file that is no GIF. Bytes that do not help to tell it are left in the source.
    /// - Parameter start: its first six bytes, which were read.
    func foreignFormat(after start: [UInt8]) -> ForeignFormat? {
        let more = ForeignFormat.needsMore(than: start) ? bytes(upTo: ForeignFormat.length - start.count) : []
        return ForeignFormat(start: start + more)
    }

    /// The next byte, or nil at the end.
    func byte() -> UInt8? {
        var byte: UInt8 = 0
        return withUnsafeMutableBytes(of: &byte) { read(into: $0) } == 1 ? byte : nil
    }
}
