import Foundation
import TestSupport
import Testing

/// Every call that changes the disk, from the daemon's start to the end of a job, goes wrong once: the daemon is killed before it,
/// the power fails, or it returns an error. The GIF becomes one whole video in the end, and nothing is left over.
///
/// A usual run tries a few of the calls; `make test-faults` (GIF2VIDEO_FAULT_POINTS=all) every one, and writes what happened into
/// out/faults.tsv, of which scripts/make-reliability makes docs/reliability.md.
@Suite(.serialized) struct FaultPointTests {
    private static let gif = ExampleGIF.drifting(frames: 6)
    /// The files in the state folder when the job is done, without the journal and the lock.
    private static let rest = ["in/done/a.gif", "out/a.y4m"]

    /// Calls before which an end once left something behind, or made a second video.
    private static let deadly: Set = [
        "mkdir out/.gif2videod-1-1.partial/.gif2video", "unlink out/.gif2videod-1-1.partial", "mkdir in/done",
    ]
    /// Calls whose error once made a second video, or was the end of a job.
    private static let grave: Set = ["sync out", "rename out/a.y4m", "rename in/done/a.gif"]

    private let shim: FaultShim

    init() throws {
        shim = try FaultShim()
    }

    @Test(arguments: [FaultShim.Act.kill, .powerLoss]) func anEndAtAnyWriteLosesNothing(_ act: FaultShim.Act) throws {
        let (calls, video) = try undisturbed()
        for call in points(calls, share: 20, Self.deadly) {
            let daemon = try waiting()
            daemon.environment = shim.environment(of: daemon, act, at: call.number)
            try daemon.start()
            try daemon.waitUntil("\(act) before \(call)") { !daemon.isRunning }
            try #require(try isReached(daemon, call), "\(call) never came")
            daemon.environment = [:]
            try daemon.start()
            try requireDone(daemon, video, "\(act) before \(call)")
            try note(act, call, "done by the next start")
        }
    }

    @Test(arguments: [FaultShim.Act.short, .error(ENOSPC), .error(EIO), .error(EMFILE), .error(ENOMEM), .error(EINTR)])
    func anErrorAtAnyWriteLosesNothing(_ act: FaultShim.Act) throws {
        let (calls, video) = try undisturbed()
        for call in points(calls, share: 40, Self.grave) {
            let daemon = try waiting()
            daemon.environment = shim.environment(of: daemon, act, at: call.number)
            try daemon.start()
            try daemon.waitUntil("\(act) at \(call)") {
                try !daemon.isRunning || isAside(daemon) || (isDone(daemon) && isReached(daemon, call))
            }
            var outcome = "done"
            if !daemon.isRunning {
                outcome = "does not start, and says why; done by the next start"
                #expect(daemon.stop() == 2 && !daemon.log.isEmpty, "\(act) at \(call): \(daemon.log)")
                daemon.environment = [:]
                try daemon.start()
            }
            // One fault is no reason to give up.
            try #require(!isAside(daemon), "\(act) at \(call): \(daemon.log)")
            let attempts = try requireDone(daemon, video, "\(act) at \(call)")
            try note(act, call, attempts > 1 ? "tried again, done" : outcome)
        }
    }

    // MARK: One run

    /// A daemon that is not started yet, with a GIF in its folder.
    private func waiting() throws -> DaemonProcess {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "finished = \"move\""))
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/in", withIntermediateDirectories: true)
        try daemon.drop(Self.gif, "in/a.gif")
        return daemon
    }

    /// The calls of a run in which nothing goes wrong, and its video.
    private func undisturbed() throws -> (calls: [FaultShim.Call], video: Data) {
        let daemon = try waiting()
        daemon.environment = shim.environment(of: daemon, .kill, at: 0)
        try daemon.start()
        try requireDone(daemon, nil, "nothing goes wrong")
        let calls = try shim.calls(of: daemon)
        try #require(calls.contains { $0.path == "out/a.y4m" }, "the shim does not see the daemon's calls")
        return (calls, try Data(contentsOf: URL(fileURLWithPath: "\(daemon.state)/out/a.y4m")))
    }

    /// The calls that a test tries: all, or a share of those after the job's first and those of a kind that did harm once.
    private func points(_ calls: [FaultShim.Call], share: Int, _ harmful: Set<String>) -> [FaultShim.Call] {
        if FaultNotes.isWhole { return calls.filter { FaultNotes.includes($0.number) } }
        let first = calls.firstIndex { $0.path == "out" } ?? 0
        let last = Dictionary(calls.map { ("\($0.name) \($0.path)", $0.number) }, uniquingKeysWith: max)
        return calls[first...].filter { call in
            let kind = "\(call.name) \(call.path)"
            return call.number % share == 0 || (harmful.contains(kind) && last[kind] == call.number)
        }
    }

    private func isDone(_ daemon: DaemonProcess) -> Bool { Self.rest.allSatisfy { daemon.exists($0) } }
    private func isAside(_ daemon: DaemonProcess) -> Bool { daemon.exists("in/failed/a.gif.txt") }

    private func isReached(_ daemon: DaemonProcess, _ call: FaultShim.Call) throws -> Bool {
        try shim.calls(of: daemon).contains { $0.number == call.number }
    }

    /// Waits for the job's end, stops the daemon, and looks at what is there.
    /// - Returns: the job's attempts.
    @discardableResult
    private func requireDone(_ daemon: DaemonProcess, _ video: Data?, _ what: String) throws -> Int {
        try daemon.waitUntil("\(what): the video and the original") { isDone(daemon) }
        try daemon.waitUntilReady()
        try daemon.waitUntil("\(what): the job's end") { try daemon.states().first == "done" }
        let attempts = try daemon.list("jobs").first?["attempts"] as? Int ?? 0
        #expect(daemon.stop() == 0, "\(what): \(daemon.log)")
        let made = try Data(contentsOf: URL(fileURLWithPath: "\(daemon.state)/out/a.y4m"))
        if let video { #expect(made == video, "\(what): another video") }
        let original = try Data(contentsOf: URL(fileURLWithPath: "\(daemon.state)/in/done/a.gif"))
        #expect([UInt8](original) == Self.gif, "\(what): another original")
        #expect(try leftovers(daemon) == [], "\(what)")
        return attempts
    }

    /// Paths in the state folder that have no business there. Folders that are made once may stay.
    private func leftovers(_ daemon: DaemonProcess) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: daemon.state).filter { path in
            !Self.rest.contains(path) && !["in", "in/done", "in/failed", "out", "lock"].contains(path)
                && !path.hasPrefix("journal.sqlite")
        }
    }

    /// Writes down what happened, for the document.
    private func note(_ act: FaultShim.Act, _ call: FaultShim.Call, _ outcome: String) throws {
        try FaultNotes.note("\(act)", "\(call.number)", call.name, call.path, outcome, in: "faults.tsv")
    }
}
