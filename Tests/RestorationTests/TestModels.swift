import Foundation
import Restoration
import TestSupport
import Testing

/// A folder with one profile of small networks, whose weights are random: what they make is wrong but definite.
struct TestModels {
    let folder: TemporaryFolder

    /// - Parameter colorNone: `ccdnet-neighbors` sees the frames before and after, `ccdnet-past` the restored one before, too,
    ///   `ccdnet-live` neither.
    init(
        leavingOut missing: String? = nil, colorNone: String = "ccdnet-live", slomo: String = "superslomo-live"
    ) throws {
        folder = try TemporaryFolder()
        let live = folder.url.appendingPathComponent("live")
        try FileManager.default.createDirectory(at: live, withIntermediateDirectories: true)
        for name in [colorNone, "ccdnet-dithered", slomo, "dither-classifier"] where name != missing {
            try FileManager.default.copyItem(
                atPath: fixturePath(name), toPath: live.appendingPathComponent("\(name).safetensors").path)
        }
    }

    func load() throws -> ModelSet { try ModelSet(.live, in: folder.url.path) }
}
