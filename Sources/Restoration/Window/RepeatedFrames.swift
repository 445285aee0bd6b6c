import Glibc
import Media

/// Finds frames that show what the frame before showed: the same colors, or the same but for the noise of an encoder.
///
/// Encoders write 30 frames a second of a film of 10 with each frame three times. Some write exact copies, as rectangles or
/// with palettes of any kind. If the film was compressed before, or is dithered, a few pixels of each copy flip
/// between neighboring colors, and the means of small blocks stay the same within some levels. A thing that moves changes
/// these means: a cursor those of 4x4 pixels, a slow pan those of 16x16.
///
/// The thresholds come from seven clips of 10 frames a second that were compressed with H.264 at 30 a second and CRF 18, 23 and
/// 28, then made into GIFs by ffmpeg with four kinds of dither: 95 to 100 % of the copies at CRF 18 and 23 and 76 % at 28
/// are below them, and none of the film's steps.
struct RepeatedFrames {
    /// Longest run, in centiseconds, that frames with noise may be part of. After that a frame is shown as it comes, so that
    /// changes too slow for the thresholds are seen.
    static let noiseDuration = 25
    /// Largest changes that noise makes, in levels: of the mean of any window of 4x4 pixels, and of blocks of 16x16.
    private static let (mostOfWindow, mostOfBlock) = (12, 4)

    /// The likeness to the frame before that is asked for.
    enum Likeness {
        /// Equal colors and alpha, whatever the palettes.
        case equal
        /// Equal alpha, and colors but for noise.
        case alike
    }

    /// - Parameters:
    ///   - rect: outside of it both are known to be equal.
    ///   - likeness: how much alike they must be.
    /// - Returns: whether two frames of one size are so much alike.
    static func areAlike(_ a: Frame, _ b: Frame, in rect: PixelRect, _ likeness: Likeness) -> Bool {
        guard !rect.isEmpty else { return true }
        return a.pixels.withUnsafeBytes { a in
            b.pixels.withUnsafeBytes { other in
                if areEqual(a, other, rect, width: b.size.width) { return true }
                return likeness == .alike && differByNoise(a, other, rect, b.size)
            }
        }
    }

    private static func areEqual(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ rect: PixelRect, width: Int
    ) -> Bool {
        (rect.y..<rect.maxY).allSatisfy { y in
            guard let a = a.baseAddress, let b = b.baseAddress else { return true }
            let first = 4 * (y * width + rect.x)
            return memcmp(a + first, b + first, 4 * rect.width) == 0
        }
    }

    /// The differences of the red, green and blue of pixels, summed up.
    private typealias Sums = SIMD4<Int32>

    private static func differByNoise(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ rect: PixelRect, _ size: PixelSize
    ) -> Bool {
        // Windows that reach into the rectangle lie in this one.
        let reach = PixelRect(x: rect.x - 3, y: rect.y - 3, width: rect.width + 6, height: rect.height + 6)
            .intersection(size.bounds)
        let window = PixelSize(width: min(4, reach.width), height: min(4, reach.height))
        // One row of differences for each row of the window, and their sums.
        var rows = Array(repeating: Array(repeating: Sums.zero, count: reach.width), count: window.height)
        var columns = Array(repeating: Sums.zero, count: reach.width)
        var blocks = Array(repeating: Sums.zero, count: (reach.width + 15) / 16)
        for y in 0..<reach.height {
            let slot = y % window.height
            for x in 0..<reach.width {
                let at = 4 * ((reach.y + y) * size.width + reach.x + x)
                let first = a.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt8>.self)
                let second = b.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt8>.self)
                guard first.w == second.w else { return false }
                let difference = Sums(truncatingIfNeeded: first) &- Sums(truncatingIfNeeded: second)
                columns[x] &+= difference &- rows[slot][x]
                rows[slot][x] = difference
                blocks[x / 16] &+= difference
            }
            if y + 1 >= window.height {
                var sums = columns[..<window.width].reduce(Sums.zero, &+)
                guard isBelow(mostOfWindow * window.area, sums) else { return false }
                for x in window.width..<max(reach.width, window.width) {
                    sums &+= columns[x] &- columns[x - window.width]
                    guard isBelow(mostOfWindow * window.area, sums) else { return false }
                }
            }
            if y % 16 == 15 || y == reach.height - 1 {
                for x in blocks.indices {
                    let area = (y % 16 + 1) * min(16, reach.width - 16 * x)
                    guard area < 128 || isBelow(mostOfBlock * area, blocks[x]) else { return false }
                    blocks[x] = .zero
                }
            }
        }
        return true
    }

    private static func isBelow(_ most: Int, _ sums: Sums) -> Bool {
        let limit = Int32(most)
        return abs(sums.x) <= limit && abs(sums.y) <= limit && abs(sums.z) <= limit
    }
}
