import Configuration
import Threads

/// The configuration that holds at the moment; a reload replaces it. Any thread.
final class CurrentConfiguration: Sendable {
    private let state: Monitor<DaemonConfiguration>

    init(_ configuration: DaemonConfiguration) {
        state = Monitor(configuration)
    }

    var value: DaemonConfiguration {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
