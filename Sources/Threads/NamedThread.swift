import CLinux
import Glibc

/// A thread with a name that runs one closure and can be joined.
///
/// Blocking work (reads, inference, writes) runs on these, never on Swift's cooperative pool.
public final class NamedThread: Sendable {
    private let done = Monitor(false)

    /// No thread could be started: the system, or the user's share of it, has run out of threads or memory.
    public struct Failure: Error, CustomStringConvertible {
        /// The value of errno.
        public let code: Int32
        public var description: String { "cannot start a thread: \(String(cString: strerror(code)))" }
    }

    /// Starts the thread at once.
    /// - Parameter name: at most 15 bytes are shown by ps and gdb.
    /// - Throws: `Failure`; `body` is not called then.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Failure) {
        let start = Start(name: name, done: done, body: body)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(start)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                clinux_set_thread_name(start.name)
                start.body()
                start.done.update { $0 = true }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw Failure(code: status)
        }
        pthread_detach(thread)
    }

    /// Finds out whether threads can be started, by starting some that end at once.
    /// - Parameter count: how many at a time.
    /// - Throws: `Failure`.
    public static func check(_ count: Int) throws(Failure) {
        let goOn = Monitor(false)
        var threads: [NamedThread] = []
        defer {
            goOn.update { $0 = true }
            for thread in threads { thread.join() }
        }
        for _ in 0..<count { threads.append(try NamedThread("check") { goOn.whenever({ $0 }) { _ in } }) }
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
