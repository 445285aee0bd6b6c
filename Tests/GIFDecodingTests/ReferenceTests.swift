import GIFDecoding
import Media
import Testing

/// Every kind of GIF, bit by bit, against Pillow and ffmpeg.
///
/// Where one of them shows something else than browsers do, the case says why and the test insists that it still does;
/// `SceneTests` compares all cases with frames rendered from the rules.
@Suite struct ReferenceTests {
    @Test(arguments: ReferenceCase.all)
    func framesAreBitExact(_ reference: ReferenceCase) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(reference.scene.bytes, to: "test.gif")
        let frames = decode(reference.scene.bytes).frames
        try compare(frames, .ffmpeg(path, size: reference.scene.size), "ffmpeg", differs: reference.ffmpegDiffers)
        try compare(frames, .pillow(path, size: reference.scene.size), "Pillow", differs: reference.pillowDiffers)
    }

    private func compare(_ frames: [Frame], _ reference: ReferenceFrames, _ name: String, differs: String?) {
        let difference = firstDifference(frames, reference)
        #expect((difference == nil) == (differs == nil), "\(name): \(difference ?? "agrees, but should not")")
        guard differs == nil else { return }
        // ffmpeg has this rule too; Pillow gives the file's delays.
        let durations = reference.durations.map { $0 < 2 ? 10 : $0 }
        #expect(frames.map(\.duration) == durations, "\(name)")
    }

    private func firstDifference(_ frames: [Frame], _ reference: ReferenceFrames) -> String? {
        if frames.count != reference.pixels.count { return "\(reference.pixels.count) frames, not \(frames.count)" }
        for (frame, pixels) in zip(frames, reference.pixels) where frame.pixels != pixels {
            let pixel = (0..<frame.size.area).first { pixel in
                frame.pixels[pixel * 4..<pixel * 4 + 4] != pixels[pixel * 4..<pixel * 4 + 4]
            }
            guard let pixel else { return "frame \(frame.index) of another size" }
            let (x, y) = (pixel % frame.size.width, pixel / frame.size.width)
            let theirs = Array(pixels[pixel * 4..<pixel * 4 + 4])
            let ours = Array(frame.pixels[pixel * 4..<pixel * 4 + 4])
            return "frame \(frame.index) has \(theirs) at (\(x), \(y)), not \(ours)"
        }
        return nil
    }
}
