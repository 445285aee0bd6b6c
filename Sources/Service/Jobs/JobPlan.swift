import Configuration
import Media
import Output
import Threads

/// How a job makes its video: worked out from its record and the configuration when it begins.
struct JobPlan: Sendable {
    /// Makes the output.
    enum Maker: Sendable {
        case encoder(EncoderTemplate)
        case plain(StreamFormat)

        /// A writer of `file`.
        /// - Parameters:
        ///   - rate: pictures per second.
        ///   - stop: when it is raised an encoder is killed.
        /// - Throws: `SystemError` when the file cannot be created.
        func writer(_ file: StagedFile, rate: Rational, stop: StopSignal) throws -> any PictureWriter {
            switch self {
            case .encoder(let template): VideoFileWriter(file, template: template, rate: rate, stop: stop)
            case .plain(let format): try FileWriter(file) { format.writer($0, rate: rate) }
            }
        }
    }

    let restoration: RestorationPlan
    let maker: Maker
    /// How often the video shows the GIF.
    let repetition: Repetition
    /// Whether the frames before a damage become a video.
    let keepsDamaged: Bool
    /// nil where originals are left alone.
    let folder: FolderSource?
    /// Everything beside the GIF that its video depends on, for comparison.
    let settings: String
}
