import Media
import TestSupport
import Testing

@testable import Output

@Suite struct RepeatingWriterTests {
    /// Keeps what it gets.
    private final class Kept: PictureWriter {
        var pictures: [Picture] = []
        var isFinished = false

        func write(_ picture: Picture) { pictures.append(picture) }
        func finish() { isFinished = true }
    }

    /// Three pictures of 0.3 s together; the second one shares its pixels with the first.
    private var film: [Picture] {
        let first = Picture.random(width: 5, height: 3, seed: 1, duration: Rational(1, 10))
        return [
            first,
            Picture(size: first.size, pixels: first.pixels, start: Rational(1, 10), duration: Rational(1, 10)),
            Picture.random(width: 5, height: 3, seed: 2, start: Rational(2, 10), duration: Rational(1, 10)),
        ]
    }

    private func written(_ repetition: Repetition, memory: Int = 1 << 20) throws -> [Picture] {
        let kept = Kept()
        let writer = RepeatingWriter(kept, repetition, memory: memory)
        for picture in film { try writer.write(picture) }
        try writer.finish()
        #expect(kept.isFinished && writer.allPictures == kept.pictures.count)
        return kept.pictures
    }

    /// From memory, and from a file that holds all, or all but the first picture.
    @Test(arguments: [1 << 20, 0, 60])
    func aRepetitionShowsTheSamePicturesLater(memory: Int) throws {
        let pictures = try written(.times(3), memory: memory)
        #expect(pictures.count == 9)
        for (index, picture) in pictures.enumerated() {
            #expect(picture.pixels == film[index % 3].pixels)
            #expect(picture.start == Rational(index, 10) && picture.duration == Rational(1, 10))
        }
    }

    @Test(arguments: [(0, 1), (100, 1), (300, 1), (301, 2), (600, 2), (601, 3), (1000, 4)])
    func aVideoLastsAtLeastAsLongAsAskedFor(milliseconds: Int, times: Int) throws {
        #expect(try written(.atLeast(Rational(milliseconds, 1000))).count == 3 * times)
    }

    @Test func aVideoThatIsShownOnceIsPassedOn() throws {
        #expect(try written(.times(1)).count == 3)
    }

    @Test func aRepetitionWithoutPicturesIsEmpty() throws {
        let kept = Kept()
        try RepeatingWriter(kept, .times(5)).finish()
        #expect(kept.pictures.isEmpty && kept.isFinished)
    }

    @Test func secondsAreRoundedUpToMilliseconds() {
        #expect(Repetition.atLeast(seconds: 2.5) == .atLeast(Rational(5, 2)))
        #expect(Repetition.atLeast(seconds: 0.0001) == .atLeast(Rational(1, 1000)))
    }
}
