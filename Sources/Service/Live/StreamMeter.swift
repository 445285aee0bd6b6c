import Control
import Media
import Threads

/// Counts what a stream does. Any thread.
final class StreamMeter: Sendable {
    /// Latencies that are kept.
    static let latencyCapacity = 4096

    /// The numbers that a camera counts.
    struct Camera: Sendable {
        var repeats = 0
        var missed = 0
    }

    private struct State {
        var statistics: StreamStatistics
        /// Asks the camera that runs.
        var camera: (@Sendable () -> Camera)?
        /// Milliseconds, the newest over the oldest.
        var latencies: [Float] = []
        var nextLatency = 0
        /// Frames on their way, by start in centiseconds, with the time they were decoded at.
        var frames: [(start: Int, decoded: Double)] = []
    }

    private let state: Monitor<State>

    init(stream: String) {
        state = Monitor(State(statistics: StreamStatistics(stream: stream)))
    }

    /// A GIF begins.
    func begin() {
        state.withLock { $0.frames = [] }
    }

    /// A frame came out of the decoder.
    func decoded(start: Int) {
        state.withLock { state in
            state.statistics.frames += 1
            state.frames.append((start, Clock.steady))
        }
    }

    /// A picture has left. It needed the frame that starts at its time, or, as an in-between, the one after it.
    func wrote(_ picture: Picture) {
        state.withLock { state in
            state.statistics.pictures += 1
            state.statistics.videoSeconds += picture.duration.value
            while let first = state.frames.first, Rational(first.start, 100) < picture.start {
                state.frames.removeFirst()
            }
            guard let needed = state.frames.first else { return }
            let latency = Float((Clock.steady - needed.decoded) * 1000)
            if state.latencies.count < Self.latencyCapacity {
                state.latencies.append(latency)
            } else {
                state.latencies[state.nextLatency] = latency
                state.nextLatency = (state.nextLatency + 1) % Self.latencyCapacity
            }
        }
    }

    /// So many pictures were made with less work than was asked for.
    func gaveUp(_ pictures: Int) {
        guard pictures > 0 else { return }
        state.withLock { $0.statistics.degradations += pictures }
    }

    func spent(_ seconds: Double) {
        state.withLock { $0.statistics.busySeconds += seconds }
    }

    func ended(succeeded: Bool) {
        state.withLock { state in
            if succeeded { state.statistics.done += 1 } else { state.statistics.failed += 1 }
        }
    }

    /// A camera runs from now on; nil: it has ended.
    func use(_ camera: (@Sendable () -> Camera)?) {
        state.withLock { state in
            if let ended = state.camera?() { state.statistics.add(ended) }
            state.camera = camera
        }
    }

    /// All numbers but those of waiting and running jobs, which the journal counts.
    var statistics: StreamStatistics {
        let (counted, latencies, camera) = state.withLock { ($0.statistics, $0.latencies, $0.camera?()) }
        var statistics = counted
        if let camera { statistics.add(camera) }
        statistics.speed = counted.busySeconds > 0 ? counted.videoSeconds / counted.busySeconds : 0
        guard !latencies.isEmpty else { return statistics }
        let sorted = latencies.sorted()
        func percentile(_ share: Double) -> Double { Double(sorted[Int(Double(sorted.count - 1) * share)]) }
        statistics.latency50 = percentile(0.5)
        statistics.latency90 = percentile(0.9)
        statistics.latency99 = percentile(0.99)
        return statistics
    }
}

extension StreamStatistics {
    fileprivate mutating func add(_ camera: StreamMeter.Camera) {
        repeats += camera.repeats
        missed += camera.missed
    }
}

/// The meters of all streams. Any thread.
final class StreamMeters: Sendable {
    private let meters = Monitor<[String: StreamMeter]>([:])

    /// The meter of a stream, configured or not; it is kept for the daemon's life.
    subscript(_ stream: String) -> StreamMeter {
        meters.withLock { meters in
            if let meter = meters[stream] { return meter }
            let meter = StreamMeter(stream: stream)
            meters[stream] = meter
            return meter
        }
    }
}
