import Configuration
import Control
import Filesystem
import Output

/// Finds plans for jobs, and outputs for files.
struct JobPlanner: Sendable {
    let configuration: CurrentConfiguration
    /// Holds what clients set for a stream.
    let journal: Journal

    /// Name of the stream of jobs with an explicit output.
    static let submitted = "submitted"

    /// The stream of a name, with the clients' settings for it; nil where there is none.
    func stream(_ name: String) -> StreamConfiguration? {
        if name == Self.submitted {
            return StreamConfiguration(
                name: Self.submitted, source: .submitted, sink: .files(FileSink(folder: ".", format: .encoder("mp4"))))
        }
        guard var stream = configuration.value.stream(name) else { return nil }
        var options = SubmitOptions()
        options.rate = try? journal.setting("rate.\(name)")
        options.profile = try? journal.setting("profile.\(name)")
        stream.restoration = stream.restoration.changed(by: options)
        return stream
    }

    /// nil where the stream has gone, makes no files any more, or may not write there any more.
    func plan(_ job: JobRecord) -> JobPlan? {
        let configuration = configuration.value
        guard let stream = stream(job.stream), case .files(let sink) = stream.sink else { return nil }
        if job.stream == Self.submitted, let root = job.outputRoot, !OutputCheck(configuration).isRoot(root) {
            return nil
        }
        let format = job.request?.encoder.map { FileSink.Format($0) } ?? sink.format
        let maker: JobPlan.Maker
        let keepsAlpha: Bool
        switch format {
        case .plain(let format): (maker, keepsAlpha) = (.plain(format), format.keepsAlpha)
        case .encoder(let name):
            guard let encoder = configuration.encoders[name] else { return nil }
            (maker, keepsAlpha) = (.encoder(encoder.template), encoder.template.keepsAlpha)
        }
        let folder = folder(of: job)
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

    /// The watched folder that the GIF of a job was dropped into; nil where originals are left alone.
    func folder(of job: JobRecord) -> FolderSource? {
        guard job.relative != nil, case .folder(let source)? = configuration.value.stream(job.stream)?.source else {
            return nil
        }
        return source
    }

    /// Extension, with its dot, of a stream's videos.
    func ending(_ sink: FileSink) -> Path {
        let ending =
            switch sink.format {
            case .plain(let format): format.rawValue
            case .encoder(let name): configuration.value.encoders[name]?.fileExtension ?? name
            }
        return Path(text: ".\(ending)") ?? ""
    }

    /// Outputs for a file: `folder/sub/cat.mp4`, and where that is another's, `cat-2.mp4`, `cat-3.mp4` ...
    /// - Parameter relative: the file's path below the source folder, or its name.
    func outputs(_ relative: Path, _ sink: FileSink) -> @Sendable (Int) -> Path? {
        let ending = ending(sink)
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
