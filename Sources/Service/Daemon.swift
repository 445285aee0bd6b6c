public import Configuration
import Control
import CLinux
import Glibc
import Media
import Output
import Threads

/// The daemon: everything between its start and its end.
public final class Daemon: Sendable {
    public static let version = "0.1.0"

    /// Threads that a daemon needs to start: without work, those of the control socket and the journal.
    private static let fewestThreads = 8

    let core: Core
    let scheduler: Scheduler
    let workers: Workers
    let streams: StreamSet
    let loader: ConfigurationLoader
    let started = Clock.wall
    private let adjust: @Sendable (inout DaemonConfiguration) throws -> Void
    private let server = Monitor<VarlinkServer?>(nil)
    /// The control socket, unless it is systemd's, which keeps it.
    private let socket = Monitor<ControlSocket?>(nil)
    private let reloading = Monitor(())
    private let findModels: @Sendable (String?) throws -> String
    /// Held for the daemon's life: one daemon a state folder.
    private let lock: StateLock

    /// Why the daemon does not start.
    public struct StartFailure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Opens the journal; nothing runs yet.
    /// - Parameters:
    ///   - loader: asked again at every reload.
    ///   - adjust: what the command line changes in a configuration.
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
        core = Core(
            configuration: configuration, journal: journal,
            models: ModelCache(folder: try findModels(configuration.models)))
        scheduler = Scheduler(core)
        workers = Workers(core, scheduler)
        streams = StreamSet(core, scheduler) { kill(getpid(), SIGTERM) }
    }

    /// "running", "paused" or "draining".
    var state: String {
        core.draining.isRaised ? "draining" : scheduler.isPaused ? "paused" : "running"
    }

    var connections: Int { server.withLock { $0 }?.connections ?? 0 }

    /// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. On the main thread, with these signals held
    /// (`clinux_hold_signals`).
    /// - Throws: `StartFailure`, the journal's errors.
    public func run() throws {
        try scheduler.restorePauses(streams: core.configuration.streams.map(\.name) + [JobPlanner.submitted])
        CrashNote.arm(core.configuration.stateFolder)
        let housekeeper = Housekeeper(self)
        try startServer()
        let starting: NamedThread
        do {
            try housekeeper.start()
            // On a thread of its own: the disk may be full for a while, and signals are to be heard.
            starting = try NamedThread("start") { [self] in begin() }
        } catch {
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
        starting.join()
    }

    /// Goes on where the last run ended; reloads wait for that.
    private func begin() {
        reloading.withLock { _ in
            Recovery(core).run()
            guard !core.draining.isRaised else { return }
            workers.resize(to: core.configuration.jobs.workers)
            streams.apply(core.configuration.streams)
            ServiceManager.ready()
            Log.notice("gif2videod \(Self.version) serves \(core.configuration.streams.count.counted("stream"))")
        }
    }

    private func startServer() throws {
        let control = core.configuration.control
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

    /// Reads the configuration again. What runs goes on with what it began with.
    /// A journal whose file was deleted is written again first.
    /// - Throws: `ConfigurationError` and what `adjust` throws, with everything left as it was.
    func reload() throws {
        try reloading.withLock { _ in
            ServiceManager.reloading()
            defer { ServiceManager.ready() }
            try lock.renewIfMissing()
            try core.journal.restoreIfMissing()
            let old = core.configuration
            var configuration = try loader.load()
            try adjust(&configuration)
            if configuration.stateFolder != old.stateFolder || configuration.control != old.control {
                Log.warning("changes of state_folder and [control] take effect at the next start")
                configuration.stateFolder = old.stateFolder
                var control = old.control
                control.outputRoots = configuration.control.outputRoots
                configuration.control = control
            }
            core.models.use(folder: try findModels(configuration.models))
            core.configuration = configuration
            workers.resize(to: configuration.jobs.workers)
            streams.apply(configuration.streams)
            scheduler.poke()
            core.events.daemon("reloaded")
            Log.notice("the configuration was read again: \(configuration.streams.count.counted("stream"))")
        }
    }

    /// Lets running jobs end within their time, and puts the others back.
    private func end() {
        let limit = core.configuration.jobs.drain
        ServiceManager.stopping()
        Log.notice("stopping: \(limit) s for \(core.running.count.counted("job")) to end")
        core.events.daemon("draining")
        core.draining.raise()
        scheduler.poke()
        let deadline = Clock.steady + limit
        let drained = Monitor(false)
        // Without a thread for it the running jobs get no time to end in: they are put back.
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
        for job in core.running { job.control.end(.draining) }
        streams.end()
        if !drained.withLock({ $0 }) {
            // What waits for a network that takes long is left behind: the journal knows about it.
            let patience = Clock.steady + 5
            while !drained.withLock({ $0 }) && Clock.steady < patience {
                ServiceManager.extendTimeout(seconds: 10)
                usleep(50_000)
            }
        }
        if drained.withLock({ $0 }) { waiter?.join() }
        core.ended.raise()
        server.withLock { $0 }?.end()
        socket.withLock { $0 }?.remove()
        Log.notice("stopped")
    }
}
