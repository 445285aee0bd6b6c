import Inference

/// The limits of a color network's weights, by which what it makes is left out or averaged.
struct ColorThresholds: Sendable {
    let flatArt: FlatArtGuard.Limits
    let filtering: TemporalFilter.Filtering
    /// The part of each palette color's cell that restored pixels are kept in; nil: they may leave it, as dither does.
    let cellSize: Float?

    /// - Throws: `ModelError` where the file does not have one, or one that makes no sense.
    init(_ file: ModelThresholds) throws(ModelError) {
        let (part, any): (ClosedRange<Float>, ClosedRange<Float>) = (0...1, 0...1_000_000)
        flatArt = FlatArtGuard.Limits(
            frame: try file.ramp(from: "flat_art_frame_from", to: "flat_art_frame_to", in: any),
            block: try file.ramp(from: "flat_art_block_from", to: "flat_art_block_to", in: any))
        let least = try file.value("filter_scale_least", in: any)
        filtering = TemporalFilter.Filtering(
            strength: try file.value("filter_strength", in: part),
            scales: least...(try file.value("filter_scale_most", in: least...any.upperBound)),
            scaleOfNoise: try file.value("filter_scale_of_noise", in: any),
            mostNoise: try file.value("filter_most_noise", in: any))
        cellSize = try file.optionalValue("cell_size", in: 0.1...100)
    }
}
