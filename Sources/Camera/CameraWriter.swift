import Glibc
public import Media
public import Output
import Threads

/// Takes the pictures of one GIF for a camera. They have the camera's size, and times at its rate. One thread.
public final class CameraWriter: PictureWriter {
    private let feed: PictureFeed
    private let format: CameraFormat
    private let encoder: PictureEncoder
    private let name: String
    private let stop: StopSignal

    init(_ feed: PictureFeed, _ format: CameraFormat, name: String, stop: StopSignal) {
        self.feed = feed
        self.format = format
        self.name = name
        self.stop = stop
        encoder = PictureEncoder(format)
    }

    /// Returns when the picture waits to be shown, which is about a second before it is.
    /// - Throws: `OutputError`, when the camera or the caller's signal stops.
    public func write(_ picture: Picture) throws {
        // The restorer makes pictures at n / rate.
        let number = (picture.start * format.rate).floor
        guard feed.bring(encoder.encode(picture), number: number, stop) else {
            throw OutputError.system(output: name, call: "write", errno: ECANCELED)
        }
    }

    public func finish() {
        feed.end()
    }
}
