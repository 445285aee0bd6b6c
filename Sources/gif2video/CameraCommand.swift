import ArgumentParser
import CLinux
import Camera
import Filesystem
import GIFDecoding
import Glibc
import Media
import Output
import Pipeline
import Restoration
import Threads

struct CameraCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "camera",
        abstract: "Shows GIFs on a virtual camera (v4l2loopback), again and again, until it is ended.",
        discussion: """
            sudo modprobe v4l2loopback exclusive_caps=1 card_label=GIF2Video video_nr=10
            gif2video camera /dev/video10 cat.gif
            gif2video camera GIF2Video --size 1280x720 --loop cat.gif dog.gif

            The camera has one size and rate for as long as the command runs. A device that vanishes is waited for.
            """)

    @Argument(help: ArgumentHelp("The device, or its card label.", valueName: "device"))
    var device: String

    @Argument(help: ArgumentHelp("GIF files, shown in turn.", valueName: "in"))
    var inputs: [Path]

    @Option(help: ArgumentHelp("Size of the camera, even sides.", valueName: "WxH"))
    var size: PixelSize = CameraFormat.usualSize

    @Option(
        help: ArgumentHelp(
            "Pictures per second (30, 29.97, 30000/1001), up to \(OutputRate.maximum).", valueName: "FPS"))
    var rate: OutputRate = .constant(Rational(30))

    @Option(help: ArgumentHelp("How pixels lie in memory.", valueName: "yuyv|yu12|nv12|rgb24"))
    var pixels: CameraPixels = .yuyv

    @Option(
        help: ArgumentHelp(
            "letterbox: the whole GIF, with bars of the background; crop: no bars, its edges cut off.",
            valueName: "letterbox|crop"))
    var fit: Letterbox.Fit = .letterbox

    @Option(help: .scaler)
    var scaler: Letterbox.Scaler = .auto

    @Flag(help: "The GIFs loop: make the frames between the last and the first, too.")
    var loop = false

    @Flag(help: "Show each GIF once, and end.")
    var once = false

    @Option(help: ArgumentHelp("Memory for restored GIFs that are shown again, in MiB; 0: none.", valueName: "MiB"))
    var cache: Int = 512

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard CameraFormat.isUsable(size) else {
            throw ValidationError("--size \(size): a camera has even sides from 2 to 8192")
        }
        guard case .constant = rate else {
            throw ValidationError("--rate: a camera needs a number of pictures per second")
        }
        guard !inputs.isEmpty else { throw ValidationError("name a GIF to show") }
        guard (0...1 << 20).contains(cache) else { throw ValidationError("--cache takes 0 to 1048576") }
    }

    func run() throws {
        guard case .constant(let rate) = rate else { preconditionFailure("validated") }
        let options = try stream.restoration(rate: self.rate, loop: loop, canKeepAlpha: false)
        try Failure.handling {
            let files = try inputs.map { path -> GIFFile in
                let file = GIFFile(path: path)
                _ = try file.version
                return file
            }
            let camera = VirtualCamera(
                device: device, format: CameraFormat(size: size, rate: rate, pixels: pixels)
            ) { Self.say($0) }
            let playback = Playback(
                cache: PictureCache(capacity: cache << 20), models: try stream.loadModels(isLive: true),
                pool: WorkerPool())
            let stop = StopSignal()
            let signals = clinux_catch_signals()
            _ = try NamedThread("signals") {
                if stop.wait(for: signals, events: POLLIN) != 0 { stop.raise() }
            }
            try camera.startOpen()
            defer { camera.stop() }
            let player = Player(camera: camera, playback: playback, stop: stop, fit: fit, scaler: scaler)
            let status = try show(files, player, options)
            camera.drain(stop)
            let counts = camera.counts
            Failure.say(
                "\(device): \(counts.shown.counted("picture")) shown, \(counts.repeats) of them in place of a late one; "
                    + "\(counts.missed) missed; \(player.pace.losses.total) made with less work to be in time")
            if let status { throw status }
        }
    }

    /// Shows all in turn, until told to stop, or once.
    /// - Returns: the status to end with where a GIF was damaged.
    /// - Throws: when nothing is left to show.
    private func show(_ files: [GIFFile], _ player: Player, _ options: RestorationOptions) throws -> ExitCode? {
        var files = files
        var status: ExitCode?
        var isFirst = true
        repeat {
            for file in files where !player.stop.isRaised {
                do {
                    let report = try player.show(file, options, limits: stream.limits)
                    if let defect = report?.defect {
                        if isFirst {
                            Failure.say("\(defect); \((report?.frames ?? 0).counted("frame")) before the end shown")
                        }
                        status = Failure.badInput
                    }
                } catch {
                    status = Failure.report(error)
                    files.removeAll { $0.path == file.path }
                    if files.isEmpty { throw status ?? Failure.other }
                }
            }
            isFirst = false
        } while !once && !player.stop.isRaised
        return status
    }

    private static func say(_ event: VirtualCamera.Event) {
        switch event {
        case .opened(let path): Failure.say("\(path): showing")
        case .lost(let error): Failure.say("\(error); waiting for it")
        }
    }

    /// GIF after GIF, from file or cache to the camera.
    private struct Player {
        let camera: VirtualCamera
        let playback: Playback
        let stop: StopSignal
        let fit: Letterbox.Fit
        let scaler: Letterbox.Scaler
        let pace = LivePace(now: { Clock.steady })

        /// - Returns: nil when it was told to stop.
        func show(
            _ file: GIFFile, _ options: RestorationOptions, limits: DecodingLimits
        ) throws -> RestorationStream.Report? {
            pace.begin()
            defer { camera.endGIF() }
            do {
                return try playback.run(
                    try file.version, options: options, pace: pace, open: { try file.decoder(limits: limits) },
                    makeWriter: { _ in
                        let writer = camera.writer(stop: stop) { [pace] in pace.begin(at: $0) }
                        return options.letterboxed(writer, to: camera.format.size, scaler: scaler, fit: fit)
                    })
            } catch {
                if stop.isRaised { return nil }
                throw error
            }
        }
    }
}
