import Inference
import PixelKernels

/// Where nothing changes nothing is done: what the networks make of a GIF's still parts, by definition and not as a saving
/// that would not show.
///
/// GIFs are mostly of still parts, to the bit. A network's answer for a pixel depends, ever less, on pixels up to 150 away:
/// left alone it would have a still background tremble by fractions of a level while something moves elsewhere, and most
/// of the picture computed for that. Therefore a change counts `margin` pixels far:
///
/// - CCDNet's estimate changes there only; elsewhere it stays what it is.
/// - Between two frames the flow is 0 elsewhere, the visibilities are equal, and an in-between is the mean of the
///   restored frames, weighted by time: where they are the same, exactly their picture.
///
/// What of the networks' maps this asks for and what has changed of them are followed separately (`UNet.forward`).
enum ChangeMargin {
    /// In pixels, even. More brings nothing: films within a still picture (eight of the validation clips, 100 of 256 pixels a
    /// side) come out the same to 0.01 dB of PSNR with 4, 8, 16 or 300, frames and in-betweens.
    static let margin = 4

    /// Where a change counts: as the networks answer, in squares of 2 x 2 pixels.
    static func affected(by change: Region) -> Region { change.grown(by: margin).inSquares(of: 2) }
}
