import PixelKernels

extension Region {
    /// Winograd's tiles, 4 x 4 pixels each, that it touches in a row of them, and those between.
    func tiles(inRow row: Int) -> Range<Int> {
        var found = 0..<0
        for y in 4 * row..<min(4 * row + 4, height) where !self[y].isEmpty {
            found =
                found.isEmpty
                ? self[y] : min(found.lowerBound, self[y].lowerBound)..<max(found.upperBound, self[y].upperBound)
        }
        return found.isEmpty ? found : found.lowerBound / 4..<WinogradBlocks.tiles(over: found.upperBound)
    }
}
