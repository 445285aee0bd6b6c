import Threads

/// Does something again and again on a thread of its own, until it is ended.
final class RepeatedTask: Sendable {
    private let stop = StopSignal()
    private let thread: NamedThread

    /// - Parameter interval: seconds before each time.
    /// - Throws: `NamedThread.Failure`.
    init(_ name: String, every interval: Double, _ body: @escaping @Sendable () -> Void) throws(NamedThread.Failure) {
        let stop = stop
        thread = try NamedThread(name) {
            while !stop.wait(seconds: interval) { body() }
        }
    }

    /// Returns when the thread has ended.
    func end() {
        stop.raise()
        thread.join()
    }
}
