import Camera
import Configuration
import Filesystem
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// A virtual camera. It shows pictures by its own clock from its first opening to its end, even if none is brought.
final class CameraPlayerSink: LiveSink {
    private let camera: VirtualCamera
    private let fit: Letterbox.Fit
    private let stop: StopSignal
    private var isStarted = false

    let keepsAlpha = false
    let hasClock = true
    let pace = LivePace { Clock.steady }
    var rate: Rational { camera.format.rate }

    /// - Parameters:
    ///   - restoration: with a size in pixels and a constant rate.
    ///   - stop: raised to get a write out that waits for the clock.
    init(
        _ configuration: CameraSink, _ restoration: RestorationConfiguration, stream: String, limits: DecodingLimits,
        stop: StopSignal
    ) {
        guard case .constant(let rate) = restoration.rate, case .pixels(let size)? = restoration.size else {
            preconditionFailure("a camera has a size in pixels and a constant rate")
        }
        self.stop = stop
        fit = configuration.fit
        let card = configuration.card.flatMap {
            Self.card($0, restoration, size, configuration.fit, limits, stream: stream)
        }
        camera = VirtualCamera(
            device: configuration.device, format: CameraFormat(size: size, rate: rate, pixels: configuration.pixels),
            idle: configuration.idle, card: card
        ) { event in
            switch event {
            case .opened(let path): Log.info("\(path) shows \(size) at \(rate)/s", stream: stream)
            case .lost(let error): Log.warning("\(error)", stream: stream)
            }
        }
    }

    deinit {
        end()
    }

    /// Asks for the numbers that the clock counted.
    var counts: @Sendable () -> StreamMeter.Camera {
        { [camera] in
            let counts = camera.counts
            return StreamMeter.Camera(repeats: counts.repeats, missed: counts.missed)
        }
    }

    /// - Throws: `CameraError` where no thread can be started.
    func open() throws -> Bool {
        if !isStarted { try camera.start() }
        isStarted = true
        return camera.counts.opened > 0 && camera.trouble == nil
    }

    var waitsFor: String { camera.trouble?.description ?? "the camera is being opened" }

    /// Readers of a camera come and go unseen.
    let isReaderGone = false

    func writer(for first: Picture, name: String, _ plan: RestorationPlan, arrives: Bool) -> any PictureWriter {
        let writer = camera.writer(hasHeadStart: !arrives, stop: stop) { [pace] in pace.begin(at: $0) }
        return plan.options.letterboxed(writer, to: camera.format.size, scaler: plan.restoration.scaler, fit: fit)
    }

    func endGIF() {
        camera.endGIF()
    }

    func drop() {
        camera.clear()
    }

    func drain() {
        camera.drain(stop)
    }

    /// Its readers are not to notice: it goes on with what it shows.
    func close() {
        drop()
    }

    func end() {
        camera.stop()
    }

    /// The first frame of a GIF, as the camera shows it; nil, with a word in the log, where there is none.
    private static func card(
        _ path: Path, _ restoration: RestorationConfiguration, _ size: PixelSize, _ fit: Letterbox.Fit,
        _ limits: DecodingLimits, stream: String
    ) -> Picture? {
        final class Keeper: PictureWriter {
            var picture: Picture?
            func write(_ picture: Picture) { self.picture = self.picture ?? picture }
            func finish() {}
        }
        let keeper = Keeper()
        do {
            let source = try FileSource(path)
            var options = RestorationOptions(rate: .source)
            if case .color(let color) = restoration.background { options.background = color }
            var first = limits
            first.maxFrames = 1
            let decoder = try GIFDecoder(source: source, name: "\(path)", limits: first)
            _ = try RestorationStream(decoder, models: nil, options: options, pool: WorkerPool(concurrency: 1)).run(
                makeWriter: { _ in options.letterboxed(keeper, to: size, scaler: restoration.scaler, fit: fit) })
        } catch {
            Log.warning("no card: \(error)", stream: stream)
        }
        return keeper.picture
    }
}
