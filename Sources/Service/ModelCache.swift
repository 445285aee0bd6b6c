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
    func models(_ choice: ProfileChoice, isLive: Bool) throws -> ModelSet? {
        try state.withLock { state in
            guard let profile = choice.profile(isLive: isLive, in: state.folder) else { return nil }
            if let set = state.sets[profile] { return set }
            let set = try ModelSet(profile, in: state.folder)
            state.sets[profile] = set
            return set
        }
    }
}
