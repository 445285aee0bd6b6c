/// A user's choice of networks.
public enum ProfileChoice: String, CaseIterable, Sendable {
    /// quality for files, live for what somebody waits for, as far as installed.
    case auto
    case live, quality, vivid
    /// The decoded frames as they are.
    case none

    /// - Parameters:
    ///   - isLive: whether pictures have a deadline.
    ///   - folder: of the networks.
    /// - Returns: nil for `none`.
    public func profile(isLive: Bool, in folder: String) -> ModelSet.Profile? {
        switch self {
        case .none: nil
        case .live: .live
        case .quality: .quality
        case .vivid: .vivid
        case .auto: !isLive && ModelSet.has(.quality, in: folder) ? .quality : .live
        }
    }
}
