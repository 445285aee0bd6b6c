import GIFDecoding
import Media

/// Decodes a GIF to its last frame, follows its blocks once more, and compares.
enum GIFTarget {
    /// Small, for speed; large enough that a limit is seldom what ends a GIF.
    private static let limits = DecodingLimits(
        maxCanvasPixels: 1 << 12, maxFrames: 128, maxMemory: 1 << 24, maxPadding: 1 << 14)

    private struct Decoded {
        var canvas = PixelSize(width: 0, height: 0)
        var loopCount: Int?
        var durations: [Int] = []
        var error: GIFDecodingError?
    }

    static func run(_ bytes: [UInt8]) {
        let decoded = decode(bytes)
        do {
            compare(decoded, try GIFScanner.scan(ByteArraySource(bytes), name: "fuzz", limits: limits))
        } catch {
            precondition(decoded.durations.isEmpty, "frames of a GIF that the scanner refuses: \(error)")
            precondition(decoded.error != nil, "no error for a GIF that the scanner refuses: \(error)")
        }
    }

    private static func decode(_ bytes: [UInt8]) -> Decoded {
        var decoded = Decoded()
        do throws(GIFDecodingError) {
            let decoder = try GIFDecoder(source: ByteArraySource(bytes), name: "fuzz", limits: limits)
            defer { (decoded.canvas, decoded.loopCount) = (decoder.canvas, decoder.loopCount) }
            var clock = 0
            while let frame = try decoder.next() {
                check(frame, index: decoded.durations.count, start: clock, canvas: decoder.canvas)
                decoded.durations.append(frame.duration)
                clock += frame.duration
            }
        } catch {
            decoded.error = error
            precondition(!"\(error)".isEmpty, "an error without a text")
        }
        return decoded
    }

    private static func check(_ frame: Frame, index: Int, start: Int, canvas: PixelSize) {
        precondition(frame.index == index && frame.start == start && frame.size == canvas, "frame \(index): its place")
        precondition(frame.duration >= 2, "frame \(index): a duration of \(frame.duration)")
        precondition(canvas.area > 0 && frame.pixels.count == 4 * canvas.area, "frame \(index): its size")
        let changed = frame.changed
        precondition(changed.isEmpty || changed.intersection(canvas.bounds) == changed, "frame \(index): \(changed)")
        frame.pixels.withUnsafeBytes { bytes in
            for color in bytes.bindMemory(to: UInt32.self) {
                let color = UInt32(littleEndian: color)
                precondition(color == 0 || color >> 24 == 255, "frame \(index): half transparent")
            }
        }
    }

    /// Both know the same frames wherever the GIF's blocks are sound, and all but the last one elsewhere.
    private static func compare(_ decoded: Decoded, _ summary: GIFSummary) {
        if case .limitExceeded? = decoded.error?.reason { return }
        let delays = summary.delays.map { Int($0) }
        var texts: String {
            "decoded \(decoded.durations), \(String(describing: decoded.error)); scanned \(delays), "
                + String(describing: summary.defect)
        }
        if summary.defect == nil {
            precondition(decoded.durations == delays, texts)
            precondition(decoded.canvas == summary.canvas && decoded.loopCount == summary.loopCount, texts)
        } else {
            precondition(decoded.error != nil, texts)
            precondition((0...1).contains(delays.count - decoded.durations.count), texts)
            let sure = max(delays.count - 2, 0)
            precondition(decoded.durations.prefix(sure) == delays.prefix(sure), texts)
        }
    }
}
