import Media
import Restoration
import TestSupport
import Testing
import Threads

@Suite struct RestorerTests {
    private let pool = WorkerPool(concurrency: 2)
    private let width = 40
    private let height = 24

    /// A soft ramp that moves one pixel a frame: no scene change.
    private func frame(_ index: Int, duration: Int = 10, start: Int? = nil, changed: PixelRect? = nil) -> Frame {
        Frame.painted(
            index, width: width, height: height, palette: .grays(16), start: start ?? index * duration,
            duration: duration, changed: changed
        ) { x, y in min(15, ((x + index) / 4 + y / 6)) }
    }

    /// Colors that the ramp does not have, arranged otherwise.
    private func otherScene(_ index: Int) -> Frame {
        var colors: [UInt8] = []
        for step in UInt8(0)..<16 { colors += [255 - step * 4, step * 5, step * 3] }
        let palette = Palette(rgb: colors)
        return Frame.painted(
            index, width: width, height: height, palette: palette, start: index * 10, duration: 10
        ) { x, y in (15 - y / 2 + x) % 16 }
    }

    private func restorer(
        _ rate: OutputRate, colorNone: String = "ccdnet-live", _ change: (inout RestorationOptions) -> Void = { _ in }
    ) throws -> Restorer {
        var options = RestorationOptions(rate: rate, dither: .none)
        change(&options)
        return Restorer(models: try TestModels(colorNone: colorNone).load(), options: options, pool: pool)
    }

    // MARK: Times of pictures

    @Test func aPictureLeavesBeforeTheNextFrameComes() throws {
        let restorer = try restorer(.source)
        for index in 0..<4 {
            var pictures: [Picture] = []
            try restorer.push(frame(index)) { pictures.append($0) }
            #expect(pictures.map(\.start) == [Rational(index, 10)])
        }
        try restorer.finish { _ in #expect(Bool(false), "nothing is left over") }
    }

    @Test func inBetweensLeaveWithTheNextFrame() throws {
        let restorer = try restorer(.multiple(4))
        var counts: [Int] = []
        for index in 0..<3 {
            var count = 0
            try restorer.push(frame(index)) { _ in count += 1 }
            counts.append(count)
        }
        var rest = 0
        try restorer.finish { _ in rest += 1 }
        #expect(counts == [1, 4, 4])
        #expect(rest == 3)
    }

    @Test func aNetworkThatSeesNeighborsWaitsForTheNextFrame() throws {
        let ahead = try restorer(.multiple(2), colorNone: "ccdnet-neighbors")
        var counts: [Int] = []
        for index in 0..<4 {
            var count = 0
            try ahead.push(frame(index)) { _ in count += 1 }
            counts.append(count)
        }
        var rest: [Picture] = []
        try ahead.finish { rest.append($0) }
        #expect(counts == [0, 1, 2, 2])
        #expect(rest.map(\.start) == [Rational(5, 20), Rational(6, 20), Rational(7, 20)])

        let prompt = try restorer(.source, colorNone: "ccdnet-neighbors") { $0.looksAhead = false }
        for index in 0..<3 {
            var count = 0
            try prompt.push(frame(index)) { _ in count += 1 }
            #expect(count == 1)
        }
    }

    /// The in-betweens of a window are made while the restorer is at the next frame, by any thread; nothing else changes.
    @Test(arguments: [1, 3])
    func draftsAreThePictures(concurrency: Int) throws {
        let frames = (0..<8).map { frame($0) }
        let expected = try run(restorer(.multiple(4)), frames)
        let pendingPictures = BoundedQueue<PendingPicture>(capacity: 2)
        let found = Monitor<[Picture]>([])
        let waiting = try NamedThread("pendingPictures") {
            while let pushPending = try? pendingPictures.pop() { found.update { $0.append(pushPending.picture()) } }
        }
        let restorer = Restorer(
            models: try TestModels().load(), options: RestorationOptions(rate: .multiple(4), dither: .none),
            pool: WorkerPool(concurrency: concurrency))
        for frame in frames { try restorer.pushPending(frame) { _ = pendingPictures.push($0) } }
        try restorer.finishPending { _ = pendingPictures.push($0) }
        pendingPictures.finish()
        waiting.join()
        #expect(found.withLock { $0.map(\.pixels) } == expected.map(\.pixels))
        #expect(found.withLock { $0.map(\.start) } == expected.map(\.start))
    }

    /// Drafts that nobody takes do not hold the restorer up.
    @Test(arguments: [1, 2])
    func draftsMayBeLetGo(concurrency: Int) throws {
        let restorer = Restorer(
            models: try TestModels().load(), options: RestorationOptions(rate: .multiple(2), dither: .none),
            pool: WorkerPool(concurrency: concurrency))
        var count = 0
        for index in 0..<5 { try restorer.pushPending(frame(index)) { _ in count += 1 } }
        try restorer.finishPending { _ in count += 1 }
        #expect(count == 10)
    }

    @Test func aConstantRateGivesEveryPictureOnce() throws {
        let frames = [7, 2, 13, 40, 5].reduce(into: [Frame]()) { frames, duration in
            let start = frames.last.map { $0.start + $0.duration } ?? 0
            frames.append(frame(frames.count, duration: duration, start: start))
        }
        let pictures = try run(restorer(.constant(Rational(30))), frames)
        #expect(pictures.map(\.start) == (0..<pictures.count).map { Rational($0, 30) })
        #expect(pictures.count == (Rational(67, 100) * Rational(30)).ceiling)
    }

    @Test func aCanvasBeyondTheMemoryLimitIsRefused() throws {
        let needed = Restorer.memory(
            for: PixelSize(width: width, height: height), try TestModels().load(), RestorationOptions(rate: .source))
        let refused = try restorer(.source) { $0.maxMemory = needed - 1 }
        #expect(throws: CanvasTooLarge.self) { try refused.push(frame(0)) { _ in } }
        try restorer(.source) { $0.maxMemory = needed }.push(frame(0)) { _ in }
    }

    @Test func aCanvasBeyondTheMemoryLimitIsRefusedWithoutNetworksToo() throws {
        let needed = Restorer.memory(
            for: PixelSize(width: width, height: height), nil, RestorationOptions(rate: .source))
        func untouched(_ memory: Int) -> Restorer {
            Restorer(models: nil, options: RestorationOptions(rate: .source, maxMemory: memory), pool: pool)
        }
        #expect(throws: CanvasTooLarge.self) { try untouched(needed - 1).push(frame(0)) { _ in } }
        try untouched(needed).push(frame(0)) { _ in }
    }

    /// The last in-between lies 1/36,035,964 of the frame's time before the next frame: as a Float, that is its time.
    @Test func anInBetweenMayLieRightBeforeTheNextFrame() throws {
        let rate = Rational(1_000_999, 1001)
        let frames = [0, 1].map { frame($0, duration: 36, start: 100_063 + 36 * $0) }
        let instants = frames.flatMap { OutputRate.constant(rate).instants(start: $0.start, duration: $0.duration) }
        let step = Rational(36, 100)
        #expect(instants.contains { Float((($0.start - Rational(frames[0].start, 100)) / step).value) == 1 })
        #expect(try run(restorer(.constant(rate)), frames).map(\.start) == instants.map(\.start))
    }

    /// Of a window of a thousand pictures, few are there at any time, and they are the same as those of a short one.
    @Test func inBetweensOfALongWindowAreMadeAFewAtATime() throws {
        let frames = [0, 1].map { frame($0, duration: 20, start: 20 * $0) }
        let many = try run(restorer(.constant(Rational(400))), frames)
        let few = try run(restorer(.constant(Rational(40))), frames)
        #expect(many.count == 160 && few.count == 16)
        for (index, picture) in few.enumerated() {
            #expect(picture.start == many[10 * index].start)
            #expect(picture.pixels == many[10 * index].pixels, "picture \(index)")
        }
    }

    // MARK: Content of pictures

    @Test func withoutNetworksTheFramesAreUntouched() throws {
        let frames = (0..<3).map { frame($0) }
        let restorer = Restorer(models: nil, options: RestorationOptions(rate: .multiple(2)), pool: pool)
        let pictures = try run(restorer, frames)
        #expect(pictures.map(\.pixels) == frames.flatMap { [$0.pixels, $0.pixels] })
        #expect(restorer.verdict == nil)
    }

    @Test func aSceneIsRememberedAndNothingBeforeIt() throws {
        let alone = try run(restorer(.source), [frame(3)])
        let after = try run(restorer(.source), [otherScene(0), otherScene(1), otherScene(2), frame(3)])
        #expect(after[3].pixels == alone[0].pixels)
        #expect(alone[0].pixels != frame(3).pixels)
        let followed = try run(restorer(.source), (0..<4).map { frame($0) })
        #expect(followed[3].pixels != alone[0].pixels)
        #expect(followed[0].pixels == (try run(restorer(.source), [frame(0)]))[0].pixels)
    }

    @Test func theFramesBeforeAndAfterAreLookedAt() throws {
        let frames = (0..<3).map { frame($0) }
        let ahead = try run(restorer(.source, colorNone: "ccdnet-neighbors"), frames)
        let prompt = try run(restorer(.source, colorNone: "ccdnet-neighbors") { $0.looksAhead = false }, frames)
        // The first frame sees the second only by looking ahead, the last is without one after it in any case.
        #expect(ahead[0].pixels != prompt[0].pixels)
        let ends = [frame(0), otherScene(1)]
        let last = try run(restorer(.source, colorNone: "ccdnet-neighbors"), ends)[1]
        let lastPrompt = try run(restorer(.source, colorNone: "ccdnet-neighbors") { $0.looksAhead = false }, ends)[1]
        #expect(last.pixels == lastPrompt.pixels)
        let alone = try run(restorer(.source, colorNone: "ccdnet-neighbors"), [frames[2]])
        #expect(ahead[2].pixels != alone[0].pixels)
        // A frame between two of another scene is alone.
        let lone = try run(
            restorer(.source, colorNone: "ccdnet-neighbors"), [otherScene(0), frame(1), otherScene(2)])
        #expect(lone[1].pixels == (try run(restorer(.source, colorNone: "ccdnet-neighbors"), [frame(1)]))[0].pixels)
    }

    @Test func aLoopsLastFrameSeesTheFirst() throws {
        let frames = (0..<3).map { frame($0) }
        let closed = try run(restorer(.source, colorNone: "ccdnet-neighbors") { $0.loop = true }, frames)
        let unrolled = try run(restorer(.source, colorNone: "ccdnet-neighbors"), frames + [frame(0, start: 30)])
        #expect(closed.map(\.pixels) == unrolled.dropLast().map(\.pixels))
    }

    @Test func theChosenNetworkRestores() throws {
        let none = try run(restorer(.source), [frame(0)])
        let dithered = try run(restorer(.source) { $0.dither = .dithered }, [frame(0)])
        #expect(none[0].pixels != dithered[0].pixels)
        let auto = try restorer(.source) { $0.dither = .auto }
        let pictures = try run(auto, [frame(0)])
        let verdict = try #require(auto.verdict)
        #expect(pictures[0].pixels == (verdict.isDithered ? dithered : none)[0].pixels)
    }

    @Test func inBetweensLieBetween() throws {
        let pictures = try run(restorer(.multiple(2)), [frame(0), frame(1)])
        #expect(pictures[1].pixels != pictures[0].pixels && pictures[1].pixels != pictures[2].pixels)
        // Nothing follows the last frame: it stays.
        #expect(pictures[3].pixels == pictures[2].pixels)
    }

    @Test func sceneChangesAreNotInterpolated() throws {
        let pictures = try run(restorer(.multiple(4)), [frame(0), otherScene(1)])
        #expect(pictures[0...3].allSatisfy { $0.pixels == pictures[0].pixels })
        #expect(pictures[4].pixels != pictures[0].pixels)
    }

    @Test func aLoopIsClosed() throws {
        let frames = (0..<3).map { frame($0) }
        let open = try run(restorer(.multiple(2)), frames)
        let closed = try run(restorer(.multiple(2)) { $0.loop = true }, frames)
        #expect(open.count == closed.count)
        #expect(open.dropLast().map(\.pixels) == closed.dropLast().map(\.pixels))
        #expect(open.last?.pixels == open[4].pixels)
        // As between any two such frames, but for what the frames before left in them.
        let turned = try run(restorer(.multiple(2)), frames + [frame(0, start: 30)])[5]
        func difference(_ picture: Picture?) throws -> Int {
            zip(try #require(picture).pixels, turned.pixels).map { abs(Int($0) - Int($1)) }.reduce(0, +)
        }
        #expect(try difference(closed.last) < difference(open.last))
    }

    // MARK: Transparency

    private func holed(_ index: Int) -> Frame {
        Frame.painted(
            index, width: width, height: height, palette: .grays(16), start: index * 10, duration: 10
        ) { x, y in x < 10 + index ? nil : min(15, (x + y) / 4) }
    }

    @Test func transparentPixelsShowExactlyTheBackground() throws {
        let background = RGB(red: 12, green: 200, blue: 34)
        let pictures = try run(restorer(.source) { $0.background = background }, [holed(0), holed(1)])
        for (index, picture) in pictures.enumerated() {
            for y in 0..<height {
                for x in 0..<10 + index {
                    let at = (y * width + x) * 4
                    #expect(Array(picture.pixels[at..<at + 4]) == [12, 200, 34, 255])
                }
            }
            #expect(stride(from: 3, to: picture.pixels.count, by: 4).allSatisfy { picture.pixels[$0] == 255 })
        }
    }

    @Test func alphaIsKeptAndBlended() throws {
        let pictures = try run(restorer(.multiple(2)) { $0.keepsAlpha = true }, [holed(0), holed(1)])
        for (picture, edge) in [(pictures[0], 10), (pictures[2], 11)] {
            for y in 0..<height {
                for x in 0..<width {
                    let at = (y * width + x) * 4
                    #expect(picture.pixels[at + 3] == (x < edge ? 0 : 255))
                    if x < edge { #expect(Array(picture.pixels[at..<at + 3]) == [0, 0, 0]) }
                }
            }
        }
        // Random flows blur the edge, but far from it nothing is in doubt.
        let middle = pictures[1].pixels
        #expect(Set(stride(from: 3, to: middle.count, by: 4).map { middle[$0] }).count >= 2)
    }
}
