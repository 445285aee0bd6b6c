import Glibc
import Media
import Threads

@testable import Camera

/// Devices in memory that behave like v4l2loopback 0.12.7 with exclusive_caps, as it was measured: see `State`.
final class FakeDevice: DeviceCalls {
    struct State {
        var driver = "v4l2 loopback"
        /// The answer of QUERYCAP.
        var canOutput = true
        var canCapture = false
        /// The device's path; nil: it is not there.
        var path: String? = "/dev/video7"
        var label = "GIF2Video"
        /// The errors of calls, by name.
        var failures: [String: Int32] = [:]
        /// The substitutes of S_FMT.
        var offered: DeviceFormat?
        var offeredRate: Rational?
        /// A writer ended that never said STREAMON: nothing works until somebody says it and leaves.
        var isStuck = false
        /// Whether STREAMON heals it.
        var heals = true
        var wasToldToStream = false
        var next: Int32 = 100
        var open: Set<Int32> = []
        var locked: Int32?
        var written: [[UInt8]] = []
        /// Keeps only the number of pictures.
        var counts = false
        var count = 0
        var calls: [String] = []
    }

    let state = Monitor(State())

    private func call<R>(_ name: String, _ body: (inout State) throws(SystemFailure) -> R) throws(SystemFailure) -> R {
        let result = state.withLock { state -> Result<R, SystemFailure> in
            if state.calls.count < 1000 { state.calls.append(name) }
            if let code = state.failures[name] { return .failure(SystemFailure(name, code)) }
            do throws(SystemFailure) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func open(_ path: String) throws(SystemFailure) -> Int32 {
        try call("open") { state throws(SystemFailure) in
            guard path == state.path else { throw SystemFailure("open", ENOENT) }
            state.next += 1
            state.open.insert(state.next)
            return state.next
        }
    }

    func close(_ descriptor: Int32) {
        state.withLock { state in
            precondition(state.open.remove(descriptor) != nil, "closed twice")
            if state.locked == descriptor { state.locked = nil }
            if state.wasToldToStream && state.heals { state.isStuck = false }
            state.wasToldToStream = false
        }
    }

    func lock(_ descriptor: Int32) throws(SystemFailure) {
        try call("flock") { state throws(SystemFailure) in
            if let holder = state.locked, holder != descriptor { throw SystemFailure("flock", EWOULDBLOCK) }
            state.locked = descriptor
        }
    }

    func capabilities(_ descriptor: Int32) throws(SystemFailure) -> DeviceCapabilities {
        try call("VIDIOC_QUERYCAP") { state throws(SystemFailure) in
            DeviceCapabilities(
                driver: state.driver, canCapture: state.canCapture && !state.isStuck,
                canOutput: state.canOutput && !state.isStuck)
        }
    }

    func setFormat(_ descriptor: Int32, _ format: CameraFormat) throws(SystemFailure) -> DeviceFormat {
        try call("VIDIOC_S_FMT") { state throws(SystemFailure) in
            if state.isStuck { throw SystemFailure("VIDIOC_S_FMT", EINVAL) }
            return state.offered ?? DeviceFormat(size: format.size, fourcc: format.pixels.fourcc)
        }
    }

    func setRate(_ descriptor: Int32, _ rate: Rational) throws(SystemFailure) -> Rational? {
        try call("VIDIOC_S_PARM") { state throws(SystemFailure) in state.offeredRate ?? rate }
    }

    func streamOn(_ descriptor: Int32) throws(SystemFailure) {
        try call("VIDIOC_STREAMON") { state throws(SystemFailure) in
            state.wasToldToStream = true
            if state.isStuck { throw SystemFailure("VIDIOC_STREAMON", EINVAL) }
        }
    }

    func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemFailure) -> Int {
        try call("write") { state throws(SystemFailure) in
            guard state.path != nil else { throw SystemFailure("write", ENODEV) }
            state.count += 1
            if !state.counts { state.written.append(bytes) }
            return bytes.count
        }
    }

    func labels() -> [(path: String, label: String)] {
        state.withLock { state in
            [("/dev/video0", "Integrated Camera")] + (state.path.map { [($0, state.label)] } ?? [])
        }
    }
}

/// Time that passes when it is waited for, with what a test does meanwhile.
final class FakeClock: CameraClock {
    private struct State {
        var now: Int64 = 1_000_000_007
        var isOver = false
    }

    private let state = Monitor(State())
    private let ticks: Int
    private let waits = Monitor(0)
    private let body: @Sendable (Int) -> Int64

    /// - Parameters:
    ///   - ticks: waits until time stands still.
    ///   - body: called on the camera's thread before each tick; returns how many nanoseconds late it wakes up.
    init(ticks: Int, _ body: @escaping @Sendable (Int) -> Int64 = { _ in 0 }) {
        self.ticks = ticks
        self.body = body
    }

    var now: Int64 { state.withLock { $0.now } }

    func wait(until time: Int64, _ stop: StopSignal) {
        let count = waits.withLock { waits in
            defer { waits += 1 }
            return waits
        }
        guard count < ticks else {
            state.update { $0.isOver = true }
            stop.wait(seconds: 1000)
            return
        }
        let late = body(count)
        state.withLock { $0.now = max($0.now, time) + late }
    }

    /// Returns when time stands still.
    func join() {
        state.whenever({ $0.isOver }) { _ in }
    }
}
