import CLinux
import Glibc

/// A thread with a name that runs one closure and can be joined.
///
/// Blocking work (reads, inference, writes) runs on these, never on Swift's cooperative pool.
public final class NamedThread: Sendable {
    private let done = Monitor(false)

    /// Starts the thread at once.
    /// - Parameter name: at most 15 bytes are shown by ps and gdb.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Start(name: name, done: done, body: body)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                clinux_set_thread_name(start.name)
                start.body()
                start.done.update { $0 = true }
                return nil
            }, Unmanaged.passRetained(start).toOpaque())
        precondition(status == 0, "pthread_create failed: \(String(cString: strerror(status)))")
        pthread_detach(thread)
    }

    /// Returns when the closure has returned. Any thread may call it, any number of times.
    public func join() {
        done.whenever({ $0 }) { _ in }
    }

    private final class Start: Sendable {
        let name: String
        let done: Monitor<Bool>
        let body: @Sendable () -> Void

        init(name: String, done: Monitor<Bool>, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.done = done
            self.body = body
        }
    }
}
