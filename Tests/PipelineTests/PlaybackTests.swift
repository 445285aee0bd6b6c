import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import TestSupport
import Testing
import Threads

@Suite struct PlaybackTests {
    private let size = PixelSize(width: 12, height: 8)
    /// Bytes of the pictures of some frames, two a frame: without networks, in-betweens repeat their frame's pixels.
    private func kept(frames: Int) -> Int { frames * (size.area * 4 + 2 * MemoryLayout<Picture>.stride) }

    private func bytes(frames: Int, defect: Bool = false) -> [UInt8] {
        let pieces = ExampleGIF.pieces(
            width: size.width, height: size.height, delays: [Int](repeating: 10, count: frames))
        return defect ? pieces.dropLast().flatMap(\.self) + [0x77, 1, 2, 3] : pieces.flatMap(\.self)
    }

    private final class Collector: PictureWriter {
        var pictures: [Picture] = []
        var isFinished = false

        func write(_ picture: Picture) throws { pictures.append(picture) }
        func finish() throws { isFinished = true }
    }

    /// Plays a GIF. Returns the pictures shown, and whether it was decoded for that.
    private func play(
        _ content: String?, _ bytes: [UInt8], in cache: PictureCache, rate: OutputRate = .multiple(2)
    ) throws -> (pictures: [Picture], decoded: Bool, report: RestorationStream.Report) {
        let collector = Collector()
        var decoded = false
        let playback = Playback(cache: cache, models: nil, pool: WorkerPool(concurrency: 1))
        let report = try playback.run(
            content, options: RestorationOptions(rate: rate),
            open: {
                decoded = true
                return try GIFDecoder(source: ByteArraySource(bytes), name: "test")
            }, makeWriter: { _ in collector })
        #expect(collector.isFinished)
        return (collector.pictures, decoded, report)
    }

    @Test func aSecondPlayShowsTheSameWithoutDecoding() throws {
        let cache = PictureCache(capacity: 1 << 20)
        let first = try play("a", bytes(frames: 5), in: cache)
        let second = try play("a", bytes(frames: 5), in: cache)
        #expect(first.decoded && !second.decoded)
        #expect(first.pictures.count == 10 && second.pictures.map(\.pixels) == first.pictures.map(\.pixels))
        #expect(second.pictures.map(\.start) == first.pictures.map(\.start))
        #expect(second.report.pictures == 10 && second.report.frames == 5)
        #expect(cache.bytes == kept(frames: 5))
    }

    @Test func anotherGIFOrOtherOptionsAreAnotherMatter() throws {
        let cache = PictureCache(capacity: 1 << 20)
        _ = try play("a", bytes(frames: 2), in: cache)
        #expect(try play("b", bytes(frames: 2), in: cache).decoded)
        #expect(try play("a", bytes(frames: 2), in: cache, rate: .source).decoded)
        #expect(try play(nil, bytes(frames: 2), in: cache).decoded)
        #expect(try play(nil, bytes(frames: 2), in: cache).decoded)
        #expect(try !play("a", bytes(frames: 2), in: cache).decoded)
    }

    @Test func whatIsDefectiveIsNotKept() throws {
        let cache = PictureCache(capacity: 1 << 20)
        let first = try play("a", bytes(frames: 3, defect: true), in: cache)
        #expect(first.report.defect != nil && first.pictures.count > 0)
        #expect(try play("a", bytes(frames: 3, defect: true), in: cache).decoded)
        #expect(cache.bytes == 0)
    }

    @Test func theCapacityHolds() throws {
        let cache = PictureCache(capacity: kept(frames: 10))
        _ = try play("a", bytes(frames: 4), in: cache)
        _ = try play("b", bytes(frames: 4), in: cache)
        #expect(cache.bytes == kept(frames: 8))
        #expect(try !play("a", bytes(frames: 4), in: cache).decoded)
        // b was shown before a.
        _ = try play("c", bytes(frames: 4), in: cache)
        #expect(cache.bytes == kept(frames: 8))
        #expect(try !play("a", bytes(frames: 4), in: cache).decoded)
        #expect(try !play("c", bytes(frames: 4), in: cache).decoded)
        #expect(try play("b", bytes(frames: 4), in: cache).decoded)
    }

    /// Pictures that share their pixels are not for nothing: a GIF may have a million of them.
    @Test func repeatedPicturesCount() throws {
        let needed = size.area * 4 + 64 * MemoryLayout<Picture>.stride
        for (capacity, isKept) in [(needed - 1, false), (needed, true)] {
            let cache = PictureCache(capacity: capacity)
            #expect(try play("a", bytes(frames: 1), in: cache, rate: .multiple(64)).pictures.count == 64)
            #expect(cache.bytes == (isKept ? needed : 0))
        }
    }

    @Test func whatDoesNotFitIsShownAllTheSame() throws {
        let cache = PictureCache(capacity: kept(frames: 3))
        for _ in 0..<2 {
            let play = try play("a", bytes(frames: 4), in: cache)
            #expect(play.decoded && play.pictures.count == 8)
            #expect(cache.bytes == 0)
        }
    }
}
