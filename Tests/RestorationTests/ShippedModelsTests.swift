import Foundation
import Inference
import TestSupport
import Testing

@testable import Restoration

/// The model files in Models.
@Suite struct ShippedModelsTests {
    private static let folder = Tool.root.appendingPathComponent("Models").path

    private static let files: [String] = ModelSet.Profile.allCases.flatMap { profile in
        let names = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(profile.rawValue)")
        return (names ?? []).sorted().map { "\(profile.rawValue)/\($0)" }
    }

    @Test(arguments: ModelSet.Profile.allCases) func aProfileLoadsWithItsThresholds(profile: ModelSet.Profile) throws {
        let models = try ModelSet(profile, in: Self.folder)
        #expect(models.slomo.thresholds.heldParts.lost > 0 && models.slomo.thresholds.heldSceneChange > 0)
        #expect(models.slomo.thresholds.largeMotion.share > 0)
        for network in [models.colorNone, models.colorDithered] {
            #expect(network.thresholds.flatArt.frame.lowerBound > 0 && network.thresholds.filtering.strength > 0)
        }
    }

    @Test func everyProfileHasTheFilesThatItShouldHave() {
        let counts = ModelSet.Profile.allCases.map { profile in
            Self.files.count { $0.hasPrefix("\(profile.rawValue)/") }
        }
        #expect(counts == [4, 3, 2])
    }

    @Test(arguments: files) func aFileTellsItsHistoryAndItsQuality(name: String) throws {
        let file = try ModelFile.load("\(Self.folder)/\(name)")
        func entries(_ key: String) throws -> [[String: Any]] {
            let text = try #require(file.metadata[key])
            return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        }
        let (history, quality) = (try entries("history"), try entries("quality"))
        #expect(!history.isEmpty && history.allSatisfy { $0["steps"] is Int && $0["start"] is String })
        #expect(!quality.isEmpty && quality.allSatisfy { $0["command"] is String && $0["figures"] is [String: Double] })
    }
}
