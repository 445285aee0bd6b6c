import CLinux
public import Media
public import Threads

/// A v4l2loopback device that shows a picture at every tick of its own clock, whatever becomes of those who bring them and
/// of the device.
///
/// The thread "camera" has the clock and the device. At each tick it shows the newest picture that is due, else the one
/// before again. A device that is missing or breaks is opened again, after pauses that grow. Any thread may call the rest.
public final class VirtualCamera: Sendable {
    /// Seconds between two attempts to open the device: the first, and the most.
    static let retries = (first: 0.1, most: 5.0)

    /// The picture that is shown between GIFs.
    public enum Idle: String, CaseIterable, Sendable {
        /// The last picture; before the first the card.
        case last
        /// The card.
        case card
    }

    /// Counts of the camera's work since it was started.
    public struct Counts: Equatable, Sendable {
        /// Pictures that the device took, repeated ones too.
        public var shown = 0
        /// Ticks of a GIF whose picture was not ready, so that the one before was shown again.
        public var repeats = 0
        /// Ticks that passed without a picture on the device.
        public var missed = 0
        /// Pictures that were ready too late, when a newer one was.
        public var passed = 0
        /// Times that the device was opened.
        public var opened = 0
    }

    /// A change of the device's state.
    public enum Event: Equatable, Sendable {
        /// The node that takes pictures from now on.
        case opened(path: String)
        case lost(CameraError)
    }

    public let device: String
    public let format: CameraFormat
    private let idle: Idle
    private let card: [UInt8]
    private let calls: any DeviceCalls
    private let clock: any CameraClock
    private let report: @Sendable (Event) -> Void
    private let feed: PictureFeed
    private let stopping = StopSignal()
    private let state = Monitor(State())
    private let thread = Monitor<NamedThread?>(nil)

    private struct State {
        var counts = Counts()
        var trouble: CameraError?
        /// Set when the clock starts.
        var ticks: Ticks?
    }

    /// - Parameters:
    ///   - device: a path, or a card's label.
    ///   - card: of the format's size; nil: one of our own.
    ///   - report: called on the camera's thread when the device is opened and lost.
    public convenience init(
        device: String, format: CameraFormat, idle: Idle = .last, card: Picture? = nil,
        report: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.init(
            device: device, format: format, idle: idle, card: card, calls: LinuxDeviceCalls(), clock: SteadyClock(),
            report: report)
    }

    init(
        device: String, format: CameraFormat, idle: Idle, card: Picture?, calls: any DeviceCalls,
        clock: any CameraClock, report: @escaping @Sendable (Event) -> Void
    ) {
        self.device = device
        self.format = format
        self.idle = idle
        self.card = PictureEncoder(format).encode(card ?? IdleCard.picture(format.size))
        self.calls = calls
        self.clock = clock
        self.report = report
        feed = PictureFeed(capacity: min(max(format.rate.ceiling, 8), 60))
    }

    /// Starts; the device is opened as soon as it can be.
    /// - Throws: `CameraError.system` where no thread can be started.
    public func start() throws {
        try run(nil)
    }

    /// Opens the device, and starts.
    /// - Throws: `CameraError` when it cannot be opened now.
    public func startOpen() throws {
        try run(CameraDevice(device, format, calls))
    }

    /// Ends; returns when the device is closed. Drops the pictures that wait.
    public func stop() {
        stopping.raise()
        feed.stop()
        thread.withLock { $0 }?.join()
    }

    /// Takes the pictures of the next GIF, to be shown after those that were brought before. One GIF at a time.
    /// - Parameters:
    ///   - hasHeadStart: the first picture is shown when a quarter of a second is ready, for pictures that are made in
    ///     bursts; otherwise at once.
    ///   - stop: raised to get a write out that waits for room.
    ///   - began: called on the camera's thread when the first picture is shown, with the time of the GIF's beginning in
    ///     seconds on `Clock.steady`.
    public func writer(
        hasHeadStart: Bool = true, stop: StopSignal, began: @escaping @Sendable (Double) -> Void = { _ in }
    ) -> CameraWriter {
        feed.begin(headStart: hasHeadStart ? feed.capacity / 4 : 0) { [self] tick in
            guard let ticks = state.withLock({ $0.ticks }) else { return }
            began(Double(ticks.time(of: tick)) * 1e-9)
        }
        return CameraWriter(feed, format, name: device, stop: stop)
    }

    /// Nothing more comes of the GIF that is brought, however it ended.
    public func endGIF() {
        feed.end()
    }

    /// Drops what waits: the next GIF begins with the next tick.
    public func clear() {
        feed.clear()
    }

    /// Waits until what was brought is being shown, or `stop` is raised.
    public func drain(_ stop: StopSignal) {
        feed.drain(stop)
    }

    public var counts: Counts {
        var counts = state.withLock { $0.counts }
        counts.passed = feed.passed
        return counts
    }

    /// The reason for which the device shows nothing; nil while it is open, and before the first attempt.
    public var trouble: CameraError? { state.withLock { $0.trouble } }

    // MARK: The thread

    /// The device, from the thread that opened it to the camera's, which takes it once.
    private final class Handover: @unchecked Sendable {
        private var device: CameraDevice?

        init(_ device: CameraDevice?) {
            self.device = device
        }

        func take() -> CameraDevice? {
            defer { device = nil }
            return device
        }
    }

    private func run(_ device: CameraDevice?) throws {
        if let device { opened(device) }
        let handover = Handover(device)
        do {
            let thread = try NamedThread("camera") { [self] in work(handover) }
            self.thread.withLock { $0 = thread }
        } catch {
            throw CameraError.system(device: self.device, call: "pthread_create", errno: error.code)
        }
    }

    private func work(_ handover: Handover) {
        clinux_run_promptly()
        let ticks = Ticks(start: clock.now, rate: format.rate)
        state.withLock { $0.ticks = ticks }
        var device = handover.take()
        var picture = card
        var retry = Retry(next: clock.now)
        var tick = 0
        while true {
            clock.wait(until: ticks.time(of: tick), stopping)
            if stopping.isRaised { return }
            let current = ticks.last(at: clock.now)
            guard current >= tick else { continue }
            var isLate = false
            switch feed.take(current) {
            case .picture(let newer): picture = newer
            case .stays(let late): isLate = late
            case .nothing: if idle == .card { picture = card }
            }
            if device == nil && clock.now >= retry.next {
                device = reopened()
                if device == nil { retry.failed(at: clock.now) }
            }
            var isShown = false
            do throws(CameraError) {
                isShown = try device?.write(picture) ?? false
            } catch {
                lost(error)
                device = nil
                retry.failed(at: clock.now)
            }
            if isShown { retry = Retry(next: clock.now) }
            count(ticks: current - tick + 1, isShown: isShown, isLate: isLate)
            tick = current + 1
        }
    }

    /// When the device is opened the next time: after pauses that grow until a picture is shown.
    private struct Retry {
        /// On the clock.
        private(set) var next: Int64
        private var pause = VirtualCamera.retries.first

        init(next: Int64) {
            self.next = next
        }

        mutating func failed(at time: Int64) {
            next = time + Int64(pause * 1e9)
            pause = min(pause * 2, VirtualCamera.retries.most)
        }
    }

    /// - Parameter ticks: those since the one before; all but the last passed by.
    private func count(ticks: Int, isShown: Bool, isLate: Bool) {
        state.withLock { state in
            state.counts.shown += isShown ? 1 : 0
            state.counts.missed += ticks - (isShown ? 1 : 0)
            state.counts.repeats += isLate ? 1 : 0
        }
    }

    private func reopened() -> CameraDevice? {
        do throws(CameraError) {
            let device = try CameraDevice(device, format, calls)
            opened(device)
            return device
        } catch {
            lost(error)
            return nil
        }
    }

    private func opened(_ device: CameraDevice) {
        state.withLock { state in
            state.trouble = nil
            state.counts.opened += 1
        }
        report(.opened(path: device.path))
    }

    /// Says so once, however often the same happens.
    private func lost(_ error: CameraError) {
        let isNew = state.withLock { state in
            defer { state.trouble = error }
            return state.trouble != error
        }
        if isNew { report(.lost(error)) }
    }
}
