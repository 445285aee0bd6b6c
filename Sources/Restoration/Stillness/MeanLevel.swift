/// The mean of two frames' levels, weighted by time.
struct MeanLevel {
    /// How far each frame counts; 256 together.
    private let early: UInt16
    private let late: UInt16

    /// - Parameter t: in 0...1.
    init(at t: Float) {
        late = UInt16(t * 256)
        early = 256 - late
    }

    func of(_ first: UInt8, _ second: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: (UInt16(first) &* early &+ UInt16(second) &* late &+ 128) &>> 8)
    }

    /// Sets the flags of pixels to 1 whose red, green or blue differs from the mean; the others keep theirs.
    /// - Parameters:
    ///   - pixels, first, second: R, G, B, A; a flag for every pixel.
    ///   - levels: that do not count.
    func markChanged(
        _ pixels: UnsafeBufferPointer<UInt8>, _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8>, by levels: UInt16, _ flags: UnsafeMutableBufferPointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: pixels.count) { changed in
            // A loop of its own, for vectors.
            for byte in pixels.indices {
                let (own, mean) = (UInt16(pixels[byte]), UInt16(of(first[byte], second[byte])))
                changed[byte] = max(own, mean) &- min(own, mean) > levels ? 1 : 0
            }
            for index in flags.indices {
                flags[index] |= changed[4 * index] | changed[4 * index + 1] | changed[4 * index + 2]
            }
        }
    }
}
