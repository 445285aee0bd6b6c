import Inference

/// The limits of a SuperSlomo's weights: what of its flows counts, and which in-betweens are shown.
struct MotionThresholds: Sendable {
    /// The parts of a picture that stay until the next frame.
    let heldParts: HeldParts.Limits
    /// The most that flows may leave of the difference between two frames that look like two scenes for in-betweens to be
    /// shown (`Interpolation`).
    let heldSceneChange: Float
    let largeMotion: CoarseFlow.Limits
    let views: FlowEnsemble.Limits
    /// nil: flows are not projected (`FlowProjection`).
    let projectionError: Float?

    /// - Throws: `ModelError` where the file does not have one, or one that makes no sense.
    init(_ file: ModelThresholds) throws(ModelError) {
        let any: ClosedRange<Float> = 0...1_000_000
        heldParts = HeldParts.Limits(
            lostText: try file.value("hold_lost_text", in: any), lost: try file.value("hold_lost", in: any),
            softened: try file.value("hold_softened", in: any))
        heldSceneChange = try file.value("hold_scene_change", in: any)
        largeMotion = CoarseFlow.Limits(
            pixels: try file.ramp(from: "large_motion_from", to: "large_motion_to", in: any),
            share: try file.value("large_motion_share", in: 0...1))
        views = FlowEnsemble.Limits(
            error: try file.value("view_error", in: 1e-6...any.upperBound),
            reach: try file.value("view_reach", in: any))
        projectionError = try file.optionalValue("projection_error", in: 1e-6...any.upperBound)
    }
}
