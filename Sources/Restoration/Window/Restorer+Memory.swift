import Inference
public import Media

extension Restorer {
    /// Memory that restoring a canvas takes at the most, in bytes: as the peak memory of `filter --rate 2x` where much moves
    /// far, without dither, measured at 480x270, 960x540 and 1280x720, and at 2000x1100 and 2560x1440, whose networks go from
    /// tile to tile. That holds the decoder and all queues, but for more in-betweens of a window, which are counted here.
    /// Without networks as that of `filter --profile none --rate 2x --loop` for a slow reader, with transparent pixels and
    /// disposal 3, at 1000x1000, 1500x1500, 2000x2000 and 4000x4000.
    /// - Parameters:
    ///   - profile: nil: no networks.
    ///   - keepsAlpha: adds what frames and in-betweens with transparency hold beside that.
    public static func memory(for size: PixelSize, _ profile: ModelSet.Profile?, keepsAlpha: Bool = false) -> Int {
        let transparency =
            keepsAlpha && profile != nil
            ? Transparency.memory + FrameWindow.capacity * FrameInput.transparencyMemory : 0
        let overlay = profile == nil ? 0 : StandingOverlay.memory
        return memoryWithoutAlpha(for: size, profile) + (transparency + overlay) * size.area
    }

    private static func memoryWithoutAlpha(for size: PixelSize, _ profile: ModelSet.Profile?) -> Int {
        let isTiled = UNet.isTiled(height: size.height, width: size.width)
        let betweens = 2 * betweenCapacity(size) * size.area * Picture.bytesPerPixel
        return switch profile {
        case nil: 65_000_000 + 80 * size.area
        case .live: betweens + (isTiled ? 700_000_000 + 760 * size.area : 65_000_000 + 1450 * size.area)
        case .quality: betweens + (isTiled ? 950_000_000 + 880 * size.area : 120_000_000 + 1980 * size.area)
        }
    }

    /// Bytes that pictures may have, all together, that wait in one of a stream's queues, or to be made with others of their
    /// window. One may be larger.
    public static let queueBytes = 64 << 20

    /// In-betweens of one window that are made as one job of the pool, and lie there until the last of them has left.
    static func betweenCapacity(_ size: PixelSize) -> Int {
        min(max(queueBytes / (size.area * Picture.bytesPerPixel), 1), 8)
    }

    /// - Throws: `CanvasTooLarge` where a canvas would take more than the options allow.
    static func check(_ size: PixelSize, _ profile: ModelSet.Profile?, _ options: RestorationOptions)
        throws(CanvasTooLarge)
    {
        let needed = memory(for: size, profile, keepsAlpha: options.keepsAlpha)
        guard needed <= options.maxMemory else {
            throw CanvasTooLarge(size: size, needed: needed, limit: options.maxMemory)
        }
    }
}
