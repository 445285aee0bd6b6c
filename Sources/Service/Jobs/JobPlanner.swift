import Configuration
import Control
import Filesystem
import Media
import Output
import Threads

/// What a job is to become, worked out from its record and the configuration when it begins.
struct JobPlan: Sendable {
    /// What makes the output.
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

/// Finds plans for jobs, and outputs for files.
enum JobPlanner {
    /// Name of the stream of jobs with an explicit output.
    static let submitted = "submitted"

    /// The stream of a name, with what was set for it; nil where there is none.
    static func stream(_ name: String, _ core: Core) -> StreamConfiguration? {
        let configuration = core.configuration
        if name == submitted {
            return StreamConfiguration(
                name: submitted, source: .submitted, sink: .files(FileSink(folder: ".", format: .encoder("mp4"))))
        }
        guard var stream = configuration.stream(name) else { return nil }
        var options = SubmitOptions()
        options.rate = try? core.journal.setting("rate.\(name)")
        options.profile = try? core.journal.setting("profile.\(name)")
        stream.restoration = stream.restoration.changed(by: options)
        return stream
    }

    /// nil where the stream has gone, makes no files any more, or may not write there any more.
    static func plan(_ job: JobRecord, _ core: Core) -> JobPlan? {
        let configuration = core.configuration
        guard let stream = stream(job.stream, core), case .files(let sink) = stream.sink else { return nil }
        if job.stream == submitted, let root = job.outputRoot, !OutputCheck(configuration).isRoot(root) { return nil }
        let format = job.request?.encoder.map { FileSink.Format($0) } ?? sink.format
        let maker: JobPlan.Maker
        let keepsAlpha: Bool
        switch format {
        case .plain(let format): (maker, keepsAlpha) = (.plain(format), format.keepsAlpha)
        case .encoder(let name):
            guard let encoder = configuration.encoders[name] else { return nil }
            (maker, keepsAlpha) = (.encoder(encoder.template), encoder.template.keepsAlpha)
        }
        var folder: FolderSource?
        if case .folder(let source) = stream.source, job.relative != nil { folder = source }
        let restoration = RestorationPlan(
            stream.restoration, options: job.request?.options, keepsAlpha: keepsAlpha, limits: configuration.limits)
        // Every field stands in such a text, those to come, too.
        let settings =
            "\(Daemon.version) \(configuration.models ?? "") \(restoration.restoration) \(restoration.options) \(maker) "
            + "\(sink.repetition)"
        return JobPlan(
            restoration: restoration, maker: maker, repetition: sink.repetition,
            keepsDamaged: folder?.keepDamaged ?? true, folder: folder, settings: settings)
    }

    /// Extension, with its dot, of what a stream makes.
    static func ending(_ sink: FileSink, _ configuration: DaemonConfiguration) -> Path {
        let ending =
            switch sink.format {
            case .plain(let format): format.rawValue
            case .encoder(let name): configuration.encoders[name]?.fileExtension ?? name
            }
        return Path(text: ".\(ending)") ?? ""
    }

    /// Outputs for a file: `folder/sub/cat.mp4`, and where that is another's, `cat-2.mp4`, `cat-3.mp4` ...
    /// - Parameter relative: the file's path below the source folder, or its name.
    static func outputs(
        _ relative: Path, _ sink: FileSink, _ configuration: DaemonConfiguration
    ) -> @Sendable (Int) -> Path? {
        let ending = ending(sink, configuration)
        return { number in
            number < 100_000 ? OutputNames.name(number, for: relative, in: sink.folder, ending: ending) : nil
        }
    }

    /// The folder below which no link is followed on the way to a stream's outputs: that of the sink, or the watched folder
    /// where the sink's lies in it, as others may write there.
    static func outputRoot(_ sink: FileSink, _ stream: StreamConfiguration) -> Path {
        guard case .folder(let source) = stream.source else { return sink.folder }
        return trustedRoot(of: sink.folder, source.path)
    }

    /// The folder from which on no link is followed on the way into a configured folder.
    /// - Parameter watched: others may write there.
    static func trustedRoot(of folder: Path, _ watched: Path) -> Path {
        folder.relative(to: watched)?.leadsDown == true ? watched : folder
    }
}
