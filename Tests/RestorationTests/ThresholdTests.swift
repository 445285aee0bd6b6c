import Inference
import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

/// Limits that belong to the weights: the program goes by those of the model files.
@Suite struct ThresholdTests {
    private let pool = WorkerPool(concurrency: 2)

    // MARK: Restored GIFs

    /// A soft ramp that moves one pixel a frame.
    private func frame(_ index: Int) -> Frame {
        Frame.painted(index, width: 40, height: 24, palette: .grays(16), start: index * 10, duration: 10) { x, y in
            min(15, (x + index) / 4 + y / 6)
        }
    }

    /// Colors that the ramp does not have, arranged otherwise.
    private func otherScene(_ index: Int) -> Frame {
        var colors: [UInt8] = []
        for step in UInt8(0)..<16 { colors += [255 - step * 4, step * 5, step * 3] }
        let palette = Palette(rgb: colors)
        return Frame.painted(index, width: 40, height: 24, palette: palette, start: index * 10, duration: 10) { x, y in
            (15 - y / 2 + x) % 16
        }
    }

    /// The pictures of two frames and, between them, the one in the middle.
    private func pictures(_ frames: [Frame], _ thresholds: [String: Float]) throws -> [[UInt8]] {
        let models = try TestModels(thresholds: thresholds).load()
        let restorer = Restorer(
            models: models, options: RestorationOptions(rate: .multiple(2), dither: .none), pool: pool)
        var pictures: [[UInt8]] = []
        for frame in frames { try restorer.push(frame) { pictures.append($0.pixels) } }
        try restorer.finish { pictures.append($0.pixels) }
        return pictures
    }

    private let everythingIsFlat: [String: Float] = ["flat_art_frame_from": 1000, "flat_art_frame_to": 2000]

    @Test func anInBetweenOfAnotherSceneIsHeldByTheFilesLimit() throws {
        let scenes = [frame(0), otherScene(1)]
        let held = try pictures(scenes, ["hold_scene_change": 0])
        #expect(held[1] == held[0])
        let shown = try pictures(scenes, ["hold_scene_change": 1000])
        #expect(shown[1] != shown[0] && shown[1] != shown[2])
    }

    @Test func aPartThatFlowsDoNotFindIsHeldByTheFilesLimits() throws {
        let frames = (0..<2).map { index in
            Frame.painted(index, width: 40, height: 24, palette: .grays(16), start: index * 10, duration: 10) { x, y in
                (12..<22).contains(x) && (8..<16).contains(y) ? (x * 5 + y * 3 + index * 7) % 16 : 4
            }
        }
        let held = try pictures(frames, everythingIsFlat.merging(["hold_lost": 0, "hold_softened": 1000]) { $1 })
        #expect(held[1] == held[0])
        let shown = try pictures(frames, everythingIsFlat.merging(["hold_lost": 1000, "hold_lost_text": 1000]) { $1 })
        #expect(shown[1] != shown[0] && shown[1] != shown[2])
    }

    @Test func flatArtIsWhatTheFileSays() throws {
        let frames = [frame(0), frame(1)]
        let flat = try pictures(frames, everythingIsFlat)
        #expect(flat[0] == frames[0].pixels && flat[2] == frames[1].pixels)
        #expect(try pictures(frames, [:])[0] != frames[0].pixels)
    }

    @Test func framesAreFilteredAsMuchAsTheFileSays() throws {
        let frames = [frame(0), frame(1)]
        let (none, some) = (try pictures(frames, ["filter_strength": 0]), try pictures(frames, [:]))
        #expect(none[0] == some[0] && none[2] != some[2])
    }

    /// The palette is a line of grays 17 levels apart: the mean of a pixel's channels tells which one is nearest.
    @Test func framesAreKeptInTheCellsOfTheirColorsAsFarAsTheFileSays() throws {
        let frames = [frame(0), frame(1)]
        func farthest(_ pictures: [[UInt8]]) -> [Float] {
            zip([pictures[0], pictures[2]], frames).map { picture, frame in
                stride(from: 0, to: picture.count, by: 4).map { at in
                    // A channel at the end of the range may have been cut.
                    let channels = picture[at..<at + 3].filter { $0 > 0 && $0 < 255 }.map { Float($0) }
                    return channels.count < 3 ? 0 : abs(channels.reduce(0, +) / 3 - Float(frame.pixels[at]))
                }.max() ?? 0
            }
        }
        let rounding: Float = 0.6
        #expect(farthest(try pictures(frames, [:])).allSatisfy { $0 > 8.5 + rounding })
        let kept = farthest(try pictures(frames, ["cell_size": 0.2]))
        #expect(kept[0] > 1 && kept[0] <= 1.7 + rounding)
        // The filter takes some of the frame before, and leaves no more than the cell itself.
        #expect(kept[1] <= 8.5 + rounding)
    }

    // MARK: Networks

    /// A fixture with another header.
    private func load(_ name: String, _ change: ModelHeader.Change) throws -> ModelFile {
        let folder = try TemporaryFolder()
        try ModelHeader.copy(fixturePath(name), to: folder.path("a.safetensors"), change)
        return try ModelFile.load(folder.path("a.safetensors"))
    }

    private func flow(_ name: String, _ change: ModelHeader.Change) throws -> [Float] {
        let net = try SuperSlomo(load(name, change))
        let expected = try Fixture("\(name)-case", in: .module)
        let (a, b) = (try expected.tensor("g0"), try expected.tensor("g1"))
        let state = net.makeState(height: a.shape.height, width: a.shape.width)
        net.estimateFlow(SequenceFrame(a.view), SequenceFrame(b.view), state: state, on: pool)
        return state.flow.f01.array
    }

    private func without(_ key: String) -> ModelHeader.Change {
        { try ModelHeader.changeObject("config", in: &$0) { $0[key] = false } }
    }

    @Test(arguments: [["large_motion_from": 1000, "large_motion_to": 2000], ["large_motion_share": 1]])
    func motionIsLargeByTheFilesLimits(thresholds: [String: Float]) throws {
        let direct = try flow("superslomo-coarse", without("coarse"))
        #expect(try flow("superslomo-coarse") { _ in } != direct)
        #expect(try flow("superslomo-coarse") { try ModelHeader.setThresholds(thresholds, in: &$0) } == direct)
    }

    @Test func viewsMoveFlowsAsFarAsTheFileSays() throws {
        let one = try flow("superslomo-views", without("views"))
        #expect(try flow("superslomo-views") { _ in } != one)
        #expect(try flow("superslomo-views") { try ModelHeader.setThresholds(["view_reach": 0], in: &$0) } == one)
    }

    @Test func aLogitCountsFromTheFilesThresholdOn() throws {
        let gif = Tensor(3, 12, 12)
        gif.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] = Float(at % 7) / 7 } }
        let radius = Tensor(1, 12, 12)
        func logit(_ threshold: Float) throws -> Float {
            let file = try load("dither-classifier") {
                try ModelHeader.setThresholds(["dithered_logit": threshold], in: &$0)
            }
            return try DitherClassifier(file).logit(
                gif.view, radius: radius.view, estimate: gif.view, in: NetworkMemory(), on: pool)
        }
        #expect(abs(try logit(0) - logit(1.5) - 1.5) < 1e-5)
    }

    // MARK: Files

    private let makers: [String: @Sendable (ModelFile) throws -> Void] = [
        "ccdnet-live": { _ = try CCDNet($0) }, "superslomo-live": { _ = try SuperSlomo($0) },
        "dither-classifier": { _ = try DitherClassifier($0) },
    ]

    @Test(arguments: ["ccdnet-live", "superslomo-live", "dither-classifier"])
    func everyThresholdThatAFileLacksIsNamed(name: String) throws {
        let make = try #require(makers[name])
        var names: [String] = []
        _ = try load(name) { try ModelHeader.changeObject("thresholds", in: &$0) { names = Array($0.keys) } }
        #expect(!names.isEmpty)
        for missing in names {
            let file = try load(name) {
                try ModelHeader.changeObject("thresholds", in: &$0) { $0[missing] = nil }
            }
            let error = #expect(throws: ModelError.self, "\(missing)") { try make(file) }
            #expect(error?.path == file.path && error?.reason.hasPrefix("no threshold \(missing) ") == true)
        }
        let bare = try load(name) { $0["thresholds"] = nil }
        #expect(throws: ModelError.self) { try make(bare) }
    }

    @Test(
        arguments: [
            ("ccdnet-live", "flat_art_frame_to", 0.1), ("ccdnet-live", "filter_strength", 1.5),
            ("ccdnet-live", "filter_scale_most", 1), ("superslomo-live", "hold_lost", -1),
            ("superslomo-live", "large_motion_to", 4), ("superslomo-live", "view_error", 0),
            ("dither-classifier", "dithered_logit", 1e6), ("ccdnet-live", "cell_size", 0),
        ] as [(String, String, Float)])
    func aThresholdThatMakesNoSenseIsRefused(name: String, threshold: String, number: Float) throws {
        let file = try load(name) { try ModelHeader.setThresholds([threshold: number], in: &$0) }
        let make = try #require(makers[name])
        let error = #expect(throws: ModelError.self) { try make(file) }
        #expect(error?.reason.contains(threshold) == true)
    }
}
