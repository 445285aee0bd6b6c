import GIFDecoding
import Glibc
import Media
import Output
import Pipeline
import Restoration
import TestSupport
import Testing
import Threads

@Suite struct RestorationStreamTests {
    private func pieces(_ count: Int) -> [[UInt8]] {
        ExampleGIF.pieces(width: 12, height: 8, delays: [Int](repeating: 10, count: count))
    }

    private func stream(
        _ bytes: [UInt8], _ rate: OutputRate, _ change: (inout RestorationOptions) -> Void = { _ in }
    ) throws -> RestorationStream {
        var options = RestorationOptions(rate: rate)
        change(&options)
        return RestorationStream(
            try GIFDecoder(source: ByteArraySource(bytes), name: "test"), models: nil, options: options,
            pool: WorkerPool(concurrency: 1))
    }

    /// Collects pictures; may fail at one of them.
    private final class Collector: PictureWriter {
        struct Full: Error {}
        var pictures: [Picture] = []
        var isFinished = false
        let limit: Int

        init(limit: Int = .max) {
            self.limit = limit
        }

        func write(_ picture: Picture) throws {
            if pictures.count == limit { throw Full() }
            pictures.append(picture)
        }

        func finish() throws { isFinished = true }
    }

    @Test func everyFrameArrivesInOrder() throws {
        let collector = Collector()
        let report = try stream(pieces(40).flatMap(\.self), .multiple(2)).run { _ in collector }
        #expect(report.frames == 40 && report.pictures == 80 && report.defect == nil)
        #expect(collector.isFinished)
        #expect(collector.pictures.map(\.start) == (0..<80).map { Rational($0, 20) })
    }

    /// Each restored frame leaves before the next frame's bytes are written: the writer of the pipe waits for it.
    @Test func aSlowPipeIsServedFrameByFrame() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        let pieces = pieces(12)
        let written = Monitor(0)
        let sender = try NamedThread("sender") {
            for (index, piece) in pieces.enumerated() {
                // Piece 0 is the header, piece k frame k: it goes when all frames before it have left.
                written.whenever({ $0 >= index - 1 }) { _ in }
                _ = piece.withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
            }
            close(writing)
        }
        let collector = Collector()
        let stream = RestorationStream(
            try GIFDecoder(source: FileDescriptorSource(descriptor: reading), name: "pipe"), models: nil,
            options: RestorationOptions(rate: .source), pool: WorkerPool(concurrency: 1))
        let report = try stream.run(
            makeWriter: { _ in collector }, progress: { count, _ in written.update { $0 = count } })
        sender.join()
        close(reading)
        #expect(report.pictures == 12)
    }

    @Test func framesBeforeADefectAreKept() throws {
        let whole = pieces(6)
        let collector = Collector()
        let report = try stream(whole[0...4].flatMap(\.self) + [0x77, 1, 2, 3], .source).run { _ in
            collector
        }
        #expect(report.pictures == 4 && collector.isFinished)
        #expect(report.defect != nil)
    }

    /// Frames of 10 cs: the pictures of those that fit are written, and the others are named.
    @Test(
        arguments: [
            (.source, 4, 4), (.multiple(3), 14, 4), (.constant(Rational(30)), 14, 4), (.constant(Rational(30)), 15, 5),
            (.constant(Rational(30)), 18, 6),
        ] as [(OutputRate, Int, Int)])
    func picturesUpToTheLimitAreKept(rate: OutputRate, limit: Int, frames: Int) throws {
        let collector = Collector()
        let report = try stream(pieces(6).flatMap(\.self), rate) { $0.maxPictures = limit }.run { _ in collector }
        #expect(report.frames == frames && report.pictures == rate.pictures(frames: frames, duration: 10 * frames))
        #expect(collector.isFinished && collector.pictures.count == report.pictures)
        let text = "it would become more than the limit of \(limit) pictures (--max-pictures, limits.pictures)"
        #expect(report.defect?.reason == (frames < 6 ? .limitExceeded(text) : nil))
    }

    /// Three pixels in four are transparent; what a slot has no networks for is not missed.
    @Test func repeatedFramesAndLoopsNeedNoNetworks() throws {
        let image = GIFImage(width: 4, height: 4, index: 1).with {
            $0.transparentIndex = 0
            $0.indices = (0..<16).map { UInt8($0 % 4 == 0 ? 1 : 0) }
            $0.delay = 10
        }
        let bytes = GIFWriter.gif(
            width: 4, height: 4, palette: [0, 0, 0, 250, 0, 0], images: [image, image, image.with { $0.disposal = 2 }])
        let collector = Collector()
        let report = try stream(bytes, .multiple(2)) { $0.loop = true }.run { _ in collector }
        #expect(report.pictures == 6)
        for picture in collector.pictures {
            let row = [UInt8]([250, 0, 0, 255]) + [UInt8](repeating: 255, count: 12)
            #expect(picture.pixels == row + row + row + row)
        }
    }

    @Test func aCanvasBeyondTheMemoryIsRefusedWithoutNetworks() throws {
        let error = #expect(throws: CanvasTooLarge.self) {
            try stream(pieces(2).flatMap(\.self), .source) { $0.maxMemory = 1 << 20 }.run { _ in Collector() }
        }
        #expect(error?.description.hasPrefix("test: restoring a canvas of 12x8 takes about") == true)
        #expect(error?.description.hasSuffix("(--max-memory, limits.memory)") == true)
    }

    @Test func aGIFWithoutFramesIsAnError() throws {
        let bytes = pieces(0).flatMap(\.self)
        #expect(throws: GIFDecodingError.self) {
            try stream(bytes, .source).run { _ in Collector() }
        }
    }

    @Test func aSinkThatFailsEndsTheStream() throws {
        let collector = Collector(limit: 3)
        #expect(throws: Collector.Full.self) {
            try stream(pieces(200).flatMap(\.self), .source).run { _ in collector }
        }
        #expect(collector.pictures.count == 3 && !collector.isFinished)
    }

    @Test func aSinkThatCannotBeMadeEndsTheStream() throws {
        #expect(throws: Collector.Full.self) {
            try stream(pieces(200).flatMap(\.self), .source).run { _ in throw Collector.Full() }
        }
    }
}
