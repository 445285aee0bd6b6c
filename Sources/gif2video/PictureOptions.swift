import ArgumentParser
import Media
import Output
import Restoration

/// Options of the pictures that `filter` and `convert` make.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Pictures per second by the GIF's true timing (30, 29.97, 30000/1001: up to \(OutputRate.maximum), with a "
                + "denominator of at most \(OutputRate.maxDenominator)), source (one per GIF frame), or 2x, 3x ... "
                + "\(OutputRate.maxFactor)x (that many per GIF frame).", valueName: "FPS|source|Nx"))
    var rate: OutputRate = .constant(Rational(30))

    @Option(
        help: ArgumentHelp(
            "Fit pictures into this size, with bars of the background; 2x, 3x ...: so many times the canvas.",
            valueName: "WxH|Nx"))
    var size: OutputSize?

    @Option(help: .scaler)
    var scaler: Letterbox.Scaler = .auto

    @Flag(help: "The GIF loops: make the frames between its last and its first, too.")
    var loop = false
}
