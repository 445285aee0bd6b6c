import Foundation
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
