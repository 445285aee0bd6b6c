import Configuration
import Control
import Restoration

/// How one GIF is restored: a stream's configuration, the clients' settings for the stream, and the options of the submission.
struct RestorationPlan: Sendable {
    var restoration: RestorationConfiguration
    let keepsAlpha: Bool
    let limits: LimitConfiguration

    /// - Parameter keepsAlpha: whether what takes the pictures keeps transparency.
    init(_ restoration: RestorationConfiguration, options: SubmitOptions?, keepsAlpha: Bool, limits: LimitConfiguration)
    {
        self.restoration = options.map { restoration.changed(by: $0) } ?? restoration
        self.keepsAlpha = keepsAlpha && self.restoration.background == .transparent
        self.limits = limits
    }

    var options: RestorationOptions {
        RestorationOptions(
            rate: restoration.rate, dither: restoration.dither, loop: restoration.loop, background: color,
            keepsAlpha: keepsAlpha, maxMemory: limits.memory << 30, maxPictures: limits.pictures)
    }

    private var color: RGB {
        if case .color(let color) = restoration.background { color } else { .white }
    }
}

extension RestorationConfiguration {
    /// Applies the options of a submission; invalid words were refused when it came.
    func changed(by options: SubmitOptions) -> RestorationConfiguration {
        var changed = self
        if let rate = options.rate.flatMap({ OutputRate($0) }) { changed.rate = rate }
        if let profile = options.profile.flatMap({ ProfileChoice(rawValue: $0) }) { changed.profile = profile }
        if let dither = options.dither.flatMap({ RestorationOptions.DitherChoice(rawValue: $0) }) {
            changed.dither = dither
        }
        if let background = options.background.flatMap({ Background($0) }) { changed.background = background }
        if let loop = options.loop { changed.loop = loop }
        return changed
    }
}
