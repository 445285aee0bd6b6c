import CLinux
import CVersion
public import Configuration
import Control
import Glibc
import Media
import Output
import Pipeline
import Threads

/// The daemon: everything between its start and its end.
public final class Daemon: Sendable {
    /// The release, with the commit where it is known.
    public static let version = String(cString: cversion_text())

    /// Threads that a daemon needs to start: without work, those of the control socket, the journal and the housekeeping.
    private static let fewestThreads = 11

    let configuration: CurrentConfiguration
    let context: JobContext
    let scheduler: Scheduler
    let workers: Workers
    let streams: StreamSet
    let loader: ConfigurationLoader
    let started = Clock.wall
    private let adjust: @Sendable (inout DaemonConfiguration) throws -> Void
    private let server = Monitor<VarlinkServer?>(nil)
    /// The control socket, unless it is systemd's, which keeps it.
    private let socket = Monitor<ControlSocket?>(nil)
    private let metrics = Monitor<Metrics?>(nil)
    private let reloading = Monitor(())
    private let findModels: @Sendable (String?) throws -> String
    /// Held for the daemon's life: one daemon a state folder.
    private let lock: StateLock

    /// The reason for which the daemon does not start.
    public struct StartFailure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Opens the journal; nothing runs yet.
    /// - Parameters:
    ///   - loader: asked again at every reload.
    ///   - adjust: applies the command line to a configuration.
    ///   - findModels: the folder of the networks, from the configuration's word.
    /// - Throws: `ConfigurationError`, `StartFailure`, and what the parameters throw.
    public init(
        loader: ConfigurationLoader, findModels: @escaping @Sendable (String?) throws -> String,
        adjust: @escaping @Sendable (inout DaemonConfiguration) throws -> Void
    ) throws {
        self.loader = loader
        self.adjust = adjust
        self.findModels = findModels
        var configuration = try loader.load()
        try adjust(&configuration)
        do {
            // Grand Central Dispatch, which the journal uses, waits for ever where it gets no thread.
            try NamedThread.check(Self.fewestThreads)
        } catch {
            throw StartFailure(description: "\(error)")
        }
        lock = try StateLock(configuration.stateFolder)
        let journal: Journal
        do {
            journal = try Journal(folder: configuration.stateFolder)
        } catch {
            throw StartFailure(description: "the journal in \(configuration.stateFolder): \(error)")
        }
        let current = CurrentConfiguration(configuration)
        self.configuration = current
        context = JobContext(
            ledger: JobLedger(journal), planner: JobPlanner(configuration: current, journal: journal),
            meters: StreamMeters(),
            engine: RestorationEngine(
                models: ModelCache(folder: try findModels(configuration.models)),
                pictures: PictureCache(capacity: configuration.limits.replayMemory << 20)))
        scheduler = Scheduler(journal, current)
        workers = Workers(context, scheduler)
        streams = StreamSet(context, scheduler) { kill(getpid(), SIGTERM) }
    }

    /// "running", "paused" or "draining".
    var state: String {
        scheduler.isDraining ? "draining" : scheduler.isPaused ? "paused" : "running"
    }

    var connections: Int { server.withLock { $0 }?.connections ?? 0 }

    /// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. On the main thread, with these signals held
    /// (`clinux_hold_signals`).
    /// - Throws: `StartFailure`, the journal's errors.
    public func run() throws {
        try scheduler.restorePauses(streams: configuration.value.streams.map(\.name) + [JobPlanner.submitted])
        CrashNote.arm(configuration.value.stateFolder)
        let housekeeper = Housekeeper(self)
        let watchdog = Watchdog(context.ledger, configuration)
        try startServer()
        do {
            let metrics = try Metrics(configuration.value.metrics) { [self] in try metricsReport().families }
            self.metrics.withLock { $0 = metrics }
        } catch {
            socket.withLock { $0 }?.remove()
            throw error
        }
        let starting: NamedThread
        do {
            try watchdog.start()
            try housekeeper.start()
            // On a thread of its own: the disk may be full for a while, and signals are to be heard.
            starting = try NamedThread("start") { [self] in begin() }
        } catch {
            metrics.withLock { $0 }?.end()
            socket.withLock { $0 }?.remove()
            throw StartFailure(description: "\(error)")
        }
        serving: while true {
            switch clinux_wait_for_signal(3600) {
            case SIGHUP:
                do {
                    try reload()
                } catch {
                    Log.error("the configuration stays as it was: \(error)")
                }
            case SIGTERM, SIGINT: break serving
            default: continue
            }
        }
        end()
        housekeeper.end()
        watchdog.end()
        starting.join()
    }

    /// Goes on where the last run ended; reloads wait for that.
    private func begin() {
        reloading.withLock { _ in
            Recovery(context: context).run()
            guard !scheduler.isDraining else { return }
            let configuration = configuration.value
            workers.resize(to: configuration.jobs.workers)
            streams.apply(configuration.streams)
            ServiceManager.ready()
            for gap in Confinement.gaps { Log.warning(gap) }
            Log.notice("gif2videod \(Self.version) serves \(configuration.streams.count.counted("stream"))")
        }
    }

    private func startServer() throws {
        let control = configuration.value.control
        guard control.enabled else { return }
        let access = AccessList(control)
        let listener: Int32
        if let inherited = ServiceManager.listener() {
            guard clinux_is_listening_unix(inherited) == 1 else {
                throw StartFailure(description: "the socket that was handed over is no listening Unix socket")
            }
            _ = fcntl(inherited, F_SETFL, O_NONBLOCK)
            _ = fcntl(inherited, F_SETFD, FD_CLOEXEC)
            listener = inherited
        } else {
            let made = try access.listen()
            socket.withLock { $0 = made }
            listener = made.descriptor
        }
        var limits = VarlinkServer.Limits()
        limits.connections = control.maxConnections
        let server = VarlinkServer(
            listener: listener, limits: limits,
            product: VarlinkProduct(
                vendor: "GIF2Video", product: "gif2videod", version: Self.version,
                url: "https://arxiv.org/abs/1901.02840"),
            interfaces: [ControlHandler(daemon: self)], isAllowed: { access.allows($0) })
        do {
            try server.start()
        } catch {
            socket.withLock { $0 }?.remove()
            throw StartFailure(description: "\(error)")
        }
        self.server.withLock { $0 = server }
    }

    /// Reads the configuration again. Jobs that run go on with the old one.
    /// A journal whose file was deleted is written again first.
    /// - Throws: `ConfigurationError` and what `adjust` throws, with everything left as it was.
    func reload() throws {
        try reloading.withLock { _ in
            ServiceManager.reloading()
            defer { ServiceManager.ready() }
            try lock.renewIfMissing()
            try context.ledger.journal.restoreIfMissing()
            let old = self.configuration.value
            var configuration = try loader.load()
            try adjust(&configuration)
            if configuration.stateFolder != old.stateFolder || configuration.control != old.control {
                Log.warning("changes of state_folder and [control] take effect at the next start")
                configuration.stateFolder = old.stateFolder
                var control = old.control
                control.outputRoots = configuration.control.outputRoots
                configuration.control = control
            }
            if configuration.metrics != old.metrics {
                Log.warning("changes of [metrics] take effect at the next start")
                configuration.metrics = old.metrics
            }
            context.engine.models.use(folder: try findModels(configuration.models))
            self.configuration.value = configuration
            workers.resize(to: configuration.jobs.workers)
            streams.apply(configuration.streams)
            scheduler.poke()
            context.ledger.events.daemon("reloaded")
            Log.notice("the configuration was read again: \(configuration.streams.count.counted("stream"))")
        }
    }

    /// Lets running jobs end within their time, and puts the others back.
    private func end() {
        let limit = configuration.value.jobs.drain
        ServiceManager.stopping()
        Log.notice("stopping: \(limit) s for \(context.ledger.running.jobs.count.counted("job")) to end")
        context.ledger.events.daemon("draining")
        scheduler.drain()
        let deadline = Clock.steady + limit
        let drained = Monitor(false)
        // If there is no thread that waits for them, running jobs get no time to end in: they are put back.
        let waiter = try? NamedThread("drain") { [self] in
            streams.drain()
            workers.join()
            drained.update { $0 = true }
        }
        while waiter != nil && !drained.withLock({ $0 }) && Clock.steady < deadline && clinux_wait_for_signal(0) == 0 {
            ServiceManager.extendTimeout(seconds: 10)
            usleep(50_000)
        }
        // Out of time, or asked a second time.
        for job in context.ledger.running.jobs { job.handle.end(.draining) }
        streams.end()
        if !drained.withLock({ $0 }) {
            // A job that waits for a slow network is left behind: the journal knows about it.
            let patience = Clock.steady + 5
            while !drained.withLock({ $0 }) && Clock.steady < patience {
                ServiceManager.extendTimeout(seconds: 10)
                usleep(50_000)
            }
        }
        if drained.withLock({ $0 }) { waiter?.join() }
        metrics.withLock { $0 }?.end()
        context.ledger.close()
        server.withLock { $0 }?.end()
        socket.withLock { $0 }?.remove()
        Log.notice("stopped")
    }
}
