import ArgumentParser
import Filesystem
import Output

/// The kinds of file that `convert` makes.
enum OutputKind: String, CaseIterable, ExpressibleByArgument {
    case mp4, webm, mkv, y4m, prores, ffv1

    /// By the file name's extension; .mkv is H.264.
    init?(path: Path) {
        guard let ending = path.ending.text?.dropFirst().lowercased(),
            let kind = Self.allCases.first(where: { $0.fileExtension == ending })
        else { return nil }
        self = kind
    }

    /// nil where ffmpeg is not needed.
    var container: VideoContainer? { VideoContainer(rawValue: rawValue) }

    /// Of its files, without the dot.
    var fileExtension: String { container?.fileExtension ?? rawValue }
}
