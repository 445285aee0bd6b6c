import PixelKernels

/// Defines the networks' answer for a GIF's still parts: it stays as it is. This is part of the result, not only a saving.
///
/// GIFs consist mostly of parts that are still to the bit. A network's answer for a pixel depends on pixels up to 150 away,
/// the less the further. Without this rule a still background would tremble by fractions of a level while something moves
/// elsewhere, and most of the picture would be computed for that. Therefore a change counts `margin` pixels far:
///
/// - CCDNet's estimate changes there only; elsewhere it stays what it is.
/// - Between two frames the flow is 0 elsewhere, the visibilities are equal, and an in-between is the mean of the
///   restored frames, weighted by time: where they are the same, exactly their picture.
///
/// `UNet.forward` follows two regions of its maps: the one that is needed for this, and the one that has changed.
enum ChangeMargin {
    /// In pixels, even. More brings nothing: films within a still picture (eight of the validation clips, 100 of 256 pixels a
    /// side) come out the same to 0.01 dB of PSNR with 4, 8, 16 or 300, frames and in-betweens.
    static let margin = 4

    /// The region in which a change counts, in squares of 2 x 2 pixels, as the networks compute them.
    static func affected(by change: Region) -> Region { change.grown(by: margin).inSquares(of: 2) }
}
