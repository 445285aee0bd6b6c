import Media

extension Frame {
    /// The frame's pixels with the background wherever they are transparent, R, G, B, A; alpha is kept.
    func flattened(on background: RGB) -> (pixels: [UInt8], hasTransparency: Bool) {
        var transparent = false
        var pixels = pixels
        pixels.withUnsafeMutableBufferPointer { pixels in
            for at in stride(from: 0, to: pixels.count, by: 4) where pixels[at + 3] == 0 {
                transparent = true
                pixels[at] = background.red
                pixels[at + 1] = background.green
                pixels[at + 2] = background.blue
            }
        }
        return (pixels, transparent)
    }
}
