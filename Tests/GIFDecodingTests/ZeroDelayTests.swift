import GIFDecoding
import Media
import TestSupport
import Testing

/// Images without a delay: tiles of a picture, or frames of 10 cs as browsers show them.
@Suite struct ZeroDelayTests {
    private static let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]
    private static let side = 8

    /// A part of a canvas of 8x8 pixels.
    private func image(_ index: UInt8, delay: Int?, x: Int = 0, y: Int = 0, width: Int = side, height: Int = side)
        -> GIFImage
    {
        GIFImage(width: width, height: height, index: index).with {
            $0.x = x
            $0.y = y
            $0.delay = delay
            $0.codeSize = 2
        }
    }

    private func quarter(_ number: Int, _ index: UInt8, delay: Int?) -> GIFImage {
        image(index, delay: delay, x: number % 2 * 4, y: number / 2 * 4, width: 4, height: 4)
    }

    /// Durations of the frames, which scanner and decoder agree on, and the red, green, blue of a pixel of each.
    private func frames(_ images: [GIFImage], size: PixelSize = PixelSize(width: side, height: side)) throws -> [Frame]
    {
        let bytes = GIFWriter.gif(width: size.width, height: size.height, palette: Self.colors, images: images)
        let (frames, error) = decode(bytes)
        #expect(error == nil)
        let summary = try GIFScanner.scan(ByteArraySource(bytes), name: "test.gif")
        #expect(summary.delays.map(Int.init) == frames.map(\.duration))
        return frames
    }

    private func durations(_ images: [GIFImage]) throws -> [Int] { try frames(images).map(\.duration) }

    @Test(arguments: 0..<4) func aWholePictureWithoutADelayIsShownFor10Centiseconds(place: Int) throws {
        let images = (0..<4).map { image(UInt8($0), delay: $0 == place ? 0 : 20) }
        let frames = try frames(images)
        #expect(frames.map(\.duration) == (0..<4).map { $0 == place ? 10 : 20 })
        #expect(frames.map { Array($0.pixels[0..<3]) } == (0..<4).map { Array(Self.colors[3 * $0..<3 * $0 + 3]) })
    }

    @Test func tilesAreOnePicture() throws {
        // Two pictures of four tiles.
        let images = (0..<8).map { quarter($0 % 4, UInt8($0 / 4), delay: $0 % 4 == 3 ? 20 : 0) }
        let frames = try frames(images)
        #expect(frames.map(\.duration) == [20, 20])
        #expect(
            frames[0].pixels == [255, 0, 0, 255].repeated(64) && frames[1].pixels == [0, 255, 0, 255].repeated(64))
    }

    /// The order of tiles does not matter; the last tile of all counts as a frame without a delay.
    @Test func tilesInAnyOrderAreOnePicture() throws {
        #expect(try durations([2, 0, 3, 1].map { quarter($0, 1, delay: $0 == 1 ? 7 : 0) }) == [7])
        #expect(try durations([2, 0, 3, 1].map { quarter($0, 1, delay: 0) }) == [10])
        #expect(try durations([2, 0, 3, 1].map { quarter($0, 1, delay: nil) }) == [10])
    }

    @Test func anImageOverATileBeginsAnotherPicture() throws {
        let images = [
            image(3, delay: 20), quarter(0, 0, delay: 0), quarter(1, 0, delay: 0), quarter(0, 1, delay: 0),
            quarter(2, 1, delay: 5),
        ]
        let frames = try frames(images)
        #expect(frames.map(\.duration) == [20, 10, 5])
        #expect(frames[1].pixels[0] == 255 && frames[2].pixels[0] == 0)
    }

    /// Layers with transparent holes that all cover the canvas: browsers show the picture grow.
    @Test func layersAreFrames() throws {
        let layers = (0..<3).map { image(UInt8($0), delay: $0 == 2 ? 50 : 0).with { $0.transparentIndex = 3 } }
        #expect(try durations(layers) == [10, 10, 50])
        #expect(try durations([image(3, delay: 20)] + layers) == [20, 10, 10, 50])
    }

    /// An image that is removed before the next one comes, such as a sprite that moves, is a frame of its own.
    @Test(arguments: [2, 3, 4]) func anImageThatIsRemovedIsAFrame(disposal: Int) throws {
        let images = (0..<4).map { quarter($0, 1, delay: 0).with { $0.disposal = disposal } }
        #expect(try durations(images) == [10, 10, 10, 10])
        #expect(try durations([image(3, delay: 20)] + images) == [20, 10, 10, 10, 10])
    }

    /// Changes of a picture that was shown without a delay are frames, until a delay is seen.
    @Test func anUntimedGIFIsShownImageByImage() throws {
        let changes = (0..<4).map { quarter($0, 1, delay: 0) }
        #expect(try durations([image(3, delay: 0)] + changes) == [10, 10, 10, 10, 10])
        #expect(
            try durations([image(3, delay: 0)] + changes + [image(0, delay: 4)] + changes) == [
                10, 10, 10, 10, 10, 4, 10,
            ])
    }

    /// Images that show nothing take no time of their own, and disturb no picture.
    @Test func whatShowsNothingIsAPart() throws {
        let nothing = [
            image(0, delay: 0, x: 30, width: 4), image(0, delay: 0, width: 0).with { $0.indices = [] },
        ]
        let tiles = (0..<4).map { quarter($0, 1, delay: $0 == 3 ? 20 : 0) }
        #expect(try durations([tiles[0]] + nothing + tiles[1...]) == [20])
    }

    /// Tiles of one pixel, in rows: as many as an encoder needs, and joined to few.
    @Test func aLargePictureOfSmallTilesIsOneFrame() throws {
        let size = PixelSize(width: 64, height: 64)
        let images = (0..<size.area).map { number in
            image(1, delay: number == size.area - 1 ? 9 : 0, x: number % 64, y: number / 64, width: 1, height: 1)
        }
        #expect(try frames(images, size: size).map(\.duration) == [9])
    }

    /// Tiles that do not join are compared with all before them, so that there is a limit: 1024.
    @Test func scatteredTilesBeginAnotherPictureAtTheLimit() throws {
        let size = PixelSize(width: 64, height: 128)
        let images = (0..<2048).map { number in
            // Every other pixel of every other row.
            image(1, delay: number == 2047 ? 9 : 0, x: number % 32 * 2, y: number / 32 * 2, width: 1, height: 1)
        }
        let frames = try frames([image(3, delay: 20)] + images, size: size)
        #expect(frames.map(\.duration) == [20, 10, 9])
        let painted = frames.map { frame in
            stride(from: 1, to: frame.pixels.count, by: 4).count { frame.pixels[$0] == 255 }
        }
        #expect(painted == [0, 1025, 2048])
    }
}
