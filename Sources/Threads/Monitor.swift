import Glibc

/// A mutex with a condition variable around a value: the base of queues between threads.
///
/// Any thread may call any method. `wait` must be called inside `withLock`; it gives the lock back
/// while it sleeps. Blocking, so never on Swift's cooperative pool: for named threads only.
public final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    public init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the lock held.
    public func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Runs `body` with the lock held as soon as `ready` is true, sleeping until then; wakes every other waiter after it.
    public func whenever<R>(_ ready: (State) -> Bool, _ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        while !ready(state) {
            pthread_cond_wait(condition, mutex)
        }
        return try body(&state)
    }

    /// Sleeps until `look` returns something, and returns that; wakes nobody.
    func wait<R>(_ look: (inout State) -> R?) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let found = look(&state) { return found }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Wakes every waiter to look again.
    func wake() {
        // A waiter that has looked and does not sleep yet holds the lock.
        pthread_mutex_lock(mutex)
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(condition)
    }

    /// Changes the state and wakes every waiter.
    public func update<R>(_ body: (inout State) throws -> R) rethrows -> R {
        try whenever({ _ in true }, body)
    }
}
