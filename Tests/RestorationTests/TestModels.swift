import Foundation
import Media
import Restoration
import TestSupport
import Testing

/// A folder with one profile of small networks, whose weights are random: what they make is wrong but definite.
struct TestModels {
    let folder: TemporaryFolder

    /// - Parameter colorNone: `ccdnet-neighbors` sees the frames before and after, `ccdnet-past` the restored one before, too,
    ///   `ccdnet-live` neither.
    /// - Parameter thresholds: in place of those of the files.
    init(
        leavingOut missing: String? = nil, colorNone: String = "ccdnet-live", slomo: String = "superslomo-live",
        thresholds: [String: Float] = [:]
    ) throws {
        folder = try TemporaryFolder()
        let live = folder.url.appendingPathComponent("live")
        try FileManager.default.createDirectory(at: live, withIntermediateDirectories: true)
        for name in [colorNone, "ccdnet-dithered", slomo, "dither-classifier"] where name != missing {
            try ModelHeader.copy(fixturePath(name), to: live.appendingPathComponent("\(name).safetensors").path) {
                try ModelHeader.setThresholds(thresholds, in: &$0)
            }
        }
    }

    func load() throws -> ModelSet { try ModelSet(.live, in: folder.url.path) }
}

/// The pictures of a whole GIF.
func run(_ restorer: Restorer, _ frames: [Frame]) throws -> [Picture] {
    var pictures: [Picture] = []
    for frame in frames { try restorer.push(frame) { pictures.append($0) } }
    try restorer.finish { pictures.append($0) }
    return pictures
}
