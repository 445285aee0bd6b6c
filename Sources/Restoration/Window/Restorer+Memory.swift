import Inference
public import Media

extension Restorer {
    /// Memory that restoring a canvas takes at the most, in bytes, with the decoder and all queues: computed from the sizes of
    /// what is allocated for it.
    /// - Parameter models: nil: no networks.
    public static func memory(
        for size: PixelSize, _ models: ModelSet?, _ options: RestorationOptions
    ) -> Int {
        CanvasMemory(size, models, options).total
    }

    /// The choice of what is kept of frames.
    static func content(_ models: ModelSet?, _ options: RestorationOptions) -> FrameInput.Content {
        // Outlines are seen on whole canvases.
        let isBanded = !options.keepsAlpha && models?.hasBands(inBetweens: options.rate != .source) == true
        return FrameInput.Content(
            isForNetworks: models != nil, keepsAlpha: options.keepsAlpha, band: isBanded ? UNet.bandRows : nil)
    }

    /// Elements that may wait in one of a stream's queues.
    public static let queueCapacity = 4

    /// Bytes that pictures may have, all together, that wait in one of a stream's queues, or to be made with others of their
    /// window. One may be larger.
    public static let queueBytes = 64 << 20

    /// In-betweens of one window that are made as one job of the pool, and lie there until the last of them has left.
    static func betweenCapacity(_ size: PixelSize) -> Int {
        min(max(queueBytes / (size.area * Picture.bytesPerPixel), 1), 8)
    }

    /// - Throws: `CanvasTooLarge` where a canvas would take more than the options allow.
    static func check(_ size: PixelSize, _ models: ModelSet?, _ options: RestorationOptions) throws(CanvasTooLarge) {
        let needed = memory(for: size, models, options)
        guard needed <= options.maxMemory else {
            throw CanvasTooLarge(size: size, needed: needed, limit: options.maxMemory)
        }
    }
}
