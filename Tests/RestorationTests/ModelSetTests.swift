import Foundation
import Inference
@testable import Restoration
import TestSupport
import Testing

@Suite struct ModelSetTests {
    @Test func findsNetworksByTheirHeaders() throws {
        let models = try TestModels()
        #expect(ModelSet.has(.live, in: models.folder.url.path))
        #expect(!ModelSet.has(.quality, in: models.folder.url.path))
        #expect(try models.load().profile == .live)
    }

    @Test(arguments: [
        ("ccdnet-live", "no model file with a ccdnet for GIFs without dither"),
        ("ccdnet-dithered", "no model file with a ccdnet for dithered GIFs"),
        ("superslomo-live", "no model file with a superslomo"),
        ("dither-classifier", "no model file with a dither-classifier"),
    ])
    func saysWhatIsMissing(name: String, message: String) throws {
        let models = try TestModels(leavingOut: name)
        let error = #expect(throws: ModelError.self) { try models.load() }
        #expect(error?.reason == message)
    }

    @Test func whatAProfileLacksLiveHas() throws {
        let models = try TestModels()
        let quality = models.folder.url.appendingPathComponent("quality")
        try FileManager.default.createDirectory(at: quality, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: fixturePath("ccdnet-neighbors"), toPath: quality.appendingPathComponent("a.safetensors").path)
        let set = try ModelSet(.quality, in: models.folder.url.path)
        #expect(set.profile == .quality)
        #expect(set.colorNone.seesNeighbors && !set.colorDithered.seesNeighbors)
        // Live itself has to be complete.
        try FileManager.default.removeItem(
            at: models.folder.url.appendingPathComponent("live/superslomo-live.safetensors"))
        let error = #expect(throws: ModelError.self) { try ModelSet(.quality, in: models.folder.url.path) }
        #expect(error?.reason == "no model file with a superslomo")
    }

    @Test func vividTakesWhatItLacksFromQualityAndThenFromLive() throws {
        let models = try TestModels()
        let folder = models.folder.url.path
        #expect(try !ModelSet(.vivid, in: folder).colorNone.seesNeighbors)
        let quality = models.folder.url.appendingPathComponent("quality")
        try FileManager.default.createDirectory(at: quality, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: fixturePath("ccdnet-neighbors"), toPath: quality.appendingPathComponent("a.safetensors").path)
        let set = try ModelSet(.vivid, in: folder)
        #expect(set.profile == .vivid && set.colorNone.seesNeighbors && !set.colorDithered.seesNeighbors)
    }

    @Test func aProfileThatIsNotThereIsLive() throws {
        let models = try TestModels(colorNone: "ccdnet-neighbors")
        let set = try ModelSet(.quality, in: models.folder.url.path)
        #expect(set.profile == .quality && set.colorNone.seesNeighbors)
    }

    @Test func saysWhichIsThereTwice() throws {
        let models = try TestModels()
        let live = models.folder.url.appendingPathComponent("live")
        try FileManager.default.copyItem(
            atPath: fixturePath("ccdnet-first"), toPath: live.appendingPathComponent("another.safetensors").path)
        let error = #expect(throws: ModelError.self) { try models.load() }
        #expect(error?.reason.contains("a second network of the same kind") == true)
    }

    @Test func aMissingFolderIsNamed() {
        let error = #expect(throws: ModelError.self) { try ModelSet(.quality, in: "/no/such/models") }
        #expect(
            "\(error.map { "\($0)" } ?? "")"
                == "/no/such/models/live: cannot list the models: No such file or directory")
    }

    @Test func aNetworkOfAnotherKindIsRefused() throws {
        let slomo = try ModelFile.load(fixturePath("superslomo-live"))
        #expect(throws: ModelError.self) { try CCDNet(slomo) }
        #expect(throws: ModelError.self) { try DitherClassifier(slomo) }
        #expect(throws: ModelError.self) { try SuperSlomo(ModelFile.load(fixturePath("ccdnet-live"))) }
    }
}
