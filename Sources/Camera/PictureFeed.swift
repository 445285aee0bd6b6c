import Threads

/// Pictures on their way to a camera's clock, GIF after GIF. One thread brings them, the clock's takes them; any thread may
/// clear it.
///
/// Within a GIF a picture has a number, its time in periods; the GIF's time begins when its first picture is shown, which is
/// when the GIF before it is over, or at once.
final class PictureFeed: Sendable {
    /// Pictures that may wait: about a second of them, which is what a restorer may stand still without being noticed.
    let capacity: Int

    /// The state of the feed at a tick of the clock.
    enum Finding: Equatable {
        /// A picture to be shown from now on.
        case picture([UInt8])
        /// The picture shown stays: the next one is not due, or it is late.
        case stays(isLate: Bool)
        /// No GIF is being shown.
        case nothing
    }

    private struct Entry {
        let bytes: [UInt8]
        let gif: Int
        let number: Int
    }

    /// The requests of a GIF's producer.
    private struct GIF {
        let headStart: Int
        let began: @Sendable (Int) -> Void
    }

    private struct State {
        var waiting: [Entry] = []
        /// Counts GIFs that were brought.
        var brought = 0
        /// Those of them that were not shown yet.
        var gifs: [Int: GIF] = [:]
        /// Whether more of the GIF that was brought last is to come.
        var isOpen = false
        /// The GIF that is shown, the tick of its picture 0, and the tick after its last picture so far.
        var shown: Int?
        var origin = 0
        var end = 0
        /// Counts pictures that were passed over for a newer one.
        var passed = 0
        var isStopped = false

        /// Whether a GIF that waits may be shown.
        func isReady(_ gif: Int) -> Bool {
            // All of it is there when another one follows.
            if gif != brought || !isOpen { return true }
            return waiting.count { $0.gif == gif } >= gifs[gif]?.headStart ?? 0
        }
    }

    private let state = Monitor(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The pictures of the next GIF follow.
    /// - Parameters:
    ///   - headStart: so many are there, or all, before the first is shown; less than the capacity.
    ///   - began: called by the clock when the first is shown, with the tick of picture 0.
    func begin(headStart: Int, _ began: @escaping @Sendable (Int) -> Void) {
        state.update { state in
            state.brought += 1
            state.isOpen = true
            state.gifs[state.brought] = GIF(headStart: headStart, began: began)
        }
    }

    /// Brings a picture of the GIF that was begun last; waits for room.
    /// - Parameter number: its time from the GIF's start, in periods; grows.
    /// - Returns: false, dropping it, when `stop` is raised or the camera has ended.
    func bring(_ bytes: [UInt8], number: Int, _ stop: StopSignal) -> Bool {
        stop.whileReleasing({ [state] in state.update { _ in } }) {
            state.whenever({ $0.waiting.count < capacity || stop.isRaised || $0.isStopped }) { state in
                guard !stop.isRaised, !state.isStopped else { return false }
                state.waiting.append(Entry(bytes: bytes, gif: state.brought, number: number))
                return true
            }
        }
    }

    /// Nothing more comes of the GIF that was begun last.
    func end() {
        state.update { $0.isOpen = false }
    }

    /// Drops what waits, and what is shown is over: the next GIF begins at once.
    func clear() {
        state.update { state in
            state.waiting = []
            state.gifs = [:]
            state.isOpen = false
            state.shown = nil
            state.end = 0
        }
    }

    /// Waits until everything that was brought is being shown, or `stop` is raised.
    func drain(_ stop: StopSignal) {
        stop.whileReleasing({ [state] in state.update { _ in } }) {
            state.whenever({ $0.waiting.isEmpty || stop.isRaised || $0.isStopped }) { _ in }
        }
    }

    /// No picture is taken any more: releases the threads that bring some.
    func stop() {
        state.update { $0.isStopped = true }
    }

    /// Called by the clock, with ticks that grow.
    func take(_ tick: Int) -> Finding {
        var began: (@Sendable (Int) -> Void)?
        let (finding, origin) = state.update { state -> (Finding, Int) in
            var newest: Entry?
            while let next = state.waiting.first {
                if next.gif != state.shown {
                    // Its first picture waits for the end of the GIF before it, and for its head start.
                    if newest != nil || tick < state.end || !state.isReady(next.gif) { break }
                    state.shown = next.gif
                    state.origin = tick - next.number
                    began = state.gifs.removeValue(forKey: next.gif)?.began
                }
                guard state.origin + next.number <= tick else { break }
                if newest != nil { state.passed += 1 }
                newest = state.waiting.removeFirst()
                state.end = state.origin + next.number + 1
            }
            if let newest { return (.picture(newest.bytes), state.origin) }
            if tick < state.end { return (.stays(isLate: false), state.origin) }
            if let next = state.waiting.first, next.gif == state.shown { return (.stays(isLate: false), state.origin) }
            // A tick that waits for the first GIF is not late, as nothing was shown before.
            if state.isOpen || !state.waiting.isEmpty {
                return (.stays(isLate: state.shown != nil), state.origin)
            }
            state.shown = nil
            return (.nothing, state.origin)
        }
        began?(origin)
        return finding
    }

    /// Pictures that were passed over for a newer one so far.
    var passed: Int { state.withLock { $0.passed } }
}
