import Media
import Output
import Restoration

/// Takes a live stream's pictures, GIF after GIF in one size and at one rate. One thread at a time.
protocol LiveSink: AnyObject {
    var keepsAlpha: Bool { get }
    /// Pictures per second of the open stream.
    var rate: Rational { get }
    /// Whether it shows pictures at times of its own, even if none is brought.
    var hasClock: Bool { get }
    /// Knows when its pictures are due.
    var pace: LivePace { get }

    /// Opens it, if it can be.
    /// - Returns: false when it has to be waited for; `waitsFor` says for what.
    func open() throws -> Bool
    var waitsFor: String { get }
    /// Whether the reader has gone since.
    var isReaderGone: Bool { get }
    /// Takes the pictures of the next GIF.
    /// - Parameters:
    ///   - first: its first picture.
    ///   - name: of the GIF, for errors.
    ///   - arrives: whether the GIF is restored as it comes in.
    /// - Throws: `GIFDecodingError` where its pictures would be too large.
    func writer(
        for first: Picture, name: String, _ plan: RestorationPlan, arrives: Bool
    ) throws -> any PictureWriter
    /// No picture of that GIF follows, however it ended.
    func endGIF()
    /// Forgets pictures that were taken and not shown yet.
    func drop()
    /// Waits until the pictures that were taken are shown.
    func drain()
    /// Ends the stream to a reader that has gone, or after an error; another opening begins a new one.
    func close()
    /// The stream is over.
    func end()
}
