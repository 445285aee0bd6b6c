import Media
import Output

/// Writes for a reader who decides how fast it goes: waiting for it is no fault.
final class WaitingWriter: PictureWriter {
    private let writer: any PictureWriter
    private let handle: RunHandle

    init(_ writer: any PictureWriter, _ handle: RunHandle) {
        self.writer = writer
        self.handle = handle
    }

    func write(_ picture: Picture) throws {
        try handle.waiting { try writer.write(picture) }
    }

    func finish() throws {
        try writer.finish()
    }
}

/// Ends a run between two pictures; the owner of the writer inside finishes that. Every picture is progress, each repeated one in
/// a `HeldPictureWriter`, too.
final class ControlledWriter: PictureWriter {
    private let writer: any PictureWriter
    private let handle: RunHandle

    init(_ writer: any PictureWriter, _ handle: RunHandle) {
        self.writer = writer
        self.handle = handle
    }

    func write(_ picture: Picture) throws {
        try handle.check()
        try writer.write(picture)
        handle.tick()
    }

    func finish() throws {
        try handle.check()
    }
}
