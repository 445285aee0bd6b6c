public import Media

/// Shows a GIF several times: pictures pass through, are kept, and are written again when the last one was there.
///
/// Each repetition begins when the last picture of the one before has had its time. Pictures beyond
/// `PictureStore.usualMemory` lie in a file without a name in `$TMPDIR`.
///
///     let writer = RepeatingWriter(video, .times(3))
///     try writer.write(picture)  // for each picture of the GIF
///     try writer.finish()  // writes them twice more
public final class RepeatingWriter: PictureWriter {
    private let writer: any PictureWriter
    private let repetition: Repetition
    private let replayed: (Picture) -> Void
    /// nil: what was there is long enough.
    private var store: PictureStore?
    /// Pictures of the first time.
    private var count = 0
    /// When the last picture of the first time ends, in seconds.
    private var end = Rational.zero

    /// - Parameter replayed: called after each picture that was written again, with its time in the video.
    public convenience init(
        _ writer: any PictureWriter, _ repetition: Repetition, replayed: @escaping (Picture) -> Void = { _ in }
    ) {
        self.init(writer, repetition, memory: PictureStore.usualMemory, replayed: replayed)
    }

    /// - Parameter memory: bytes of the pictures that are kept in memory.
    init(
        _ writer: any PictureWriter, _ repetition: Repetition, memory: Int,
        replayed: @escaping (Picture) -> Void = { _ in }
    ) {
        self.writer = writer
        self.repetition = repetition
        self.replayed = replayed
        store = repetition == .times(1) ? nil : PictureStore(memory: memory)
    }

    /// - Throws: what the writer throws; `TemporaryFile.Failure`.
    public func write(_ picture: Picture) throws {
        try writer.write(picture)
        count += 1
        end = picture.start + picture.duration
        if case .atLeast(let seconds) = repetition, end >= seconds { store = nil }
        try store?.append(picture)
    }

    /// Pictures of the whole video, when those of the first time are written.
    public var allPictures: Int {
        repetition.pictures(count, of: end)
    }

    /// Writes the pictures again, as often as is asked for; once.
    /// - Throws: as `write`.
    public func replay() throws {
        guard let store else { return }
        self.store = nil
        for time in 1..<max(repetition.times(of: end), 1) {
            let delay = end * Rational(time)
            try store.forEach { known in
                let picture = Picture(
                    size: known.size, pixels: known.pixels, start: known.start + delay, duration: known.duration)
                try writer.write(picture)
                replayed(picture)
            }
        }
    }

    public func finish() throws {
        try replay()
        try writer.finish()
    }
}
