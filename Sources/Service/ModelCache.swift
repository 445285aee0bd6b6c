import Configuration
import Inference
import Restoration
import Threads

/// The networks, loaded when they are first needed and shared by all streams. Any thread.
final class ModelCache: Sendable {
    private struct State {
        var folder: String
        var sets: [ModelSet.Profile: ModelSet] = [:]
    }

    private let state: Monitor<State>

    /// - Parameter folder: of the networks.
    init(folder: String) {
        state = Monitor(State(folder: folder))
    }

    /// Later GIFs get networks from there.
    func use(folder: String) {
        state.withLock { if $0.folder != folder { $0 = State(folder: folder) } }
    }

    /// - Parameter isLive: what `auto` goes by.
    /// - Returns: nil for `none`.
    /// - Throws: `ModelError`.
    func models(_ profile: RestorationConfiguration.Profile, isLive: Bool) throws -> ModelSet? {
        try state.withLock { state in
            let wanted: ModelSet.Profile
            switch profile {
            case .none: return nil
            case .live: wanted = .live
            case .quality: wanted = .quality
            case .auto: wanted = !isLive && ModelSet.has(.quality, in: state.folder) ? .quality : .live
            }
            if let set = state.sets[wanted] { return set }
            let set = try ModelSet(wanted, in: state.folder)
            state.sets[wanted] = set
            return set
        }
    }
}
