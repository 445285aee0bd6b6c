import GIFDecoding
import Media
import Testing

/// Every kind of GIF, bit by bit, against Pillow and ffmpeg.
///
/// If one of them shows something else than browsers do, the case says why, and the test insists that it still does;
/// `SceneTests` compares all cases with frames rendered from the rules.
@Suite struct ReferenceTests {
    @Test(arguments: ReferenceCase.all)
    func framesAreBitExact(_ reference: ReferenceCase) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(reference.scene.bytes, to: "test.gif")
        let frames = decode(reference.scene.bytes).frames
        let size = reference.scene.size
        try compare(frames, .ffmpeg(path, size: size), "ffmpeg", differs: reference.ffmpegDiffers)
        try compare(frames, .pillow(path, size: size), "Pillow", differs: reference.pillowDiffers)
        #expect(frames.map(\.duration) == (try ReferenceDecoder.durations(path)))
    }

    private func compare(
        _ frames: [Frame], _ reference: ReferenceDecoder, _ name: String, differs: String?
    ) throws {
        let difference = try firstDifference(frames, reference)
        #expect((difference == nil) == (differs == nil), "\(name): \(difference ?? "agrees, but should not")")
    }

    private func firstDifference(_ frames: [Frame], _ reference: ReferenceDecoder) throws -> String? {
        for frame in frames {
            guard let pixels = try reference.next() else { return "no frame \(frame.index)" }
            if frame.pixels == pixels { continue }
            let byte = pixels.indices.first { pixels[$0] != frame.pixels[$0] } ?? 0
            let (x, y) = (byte / 4 % frame.size.width, byte / 4 / frame.size.width)
            let theirs = Array(pixels[byte / 4 * 4..<byte / 4 * 4 + 4])
            let ours = Array(frame.pixels[byte / 4 * 4..<byte / 4 * 4 + 4])
            return "frame \(frame.index) has \(theirs) at (\(x), \(y)), not \(ours)"
        }
        return try reference.next() == nil ? nil : "more than \(frames.count) frames"
    }
}
