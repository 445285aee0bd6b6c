import Configuration
import Control
import Restoration

/// The calls about streams.
extension ControlHandler {
    func check(stream: String) throws {
        guard stream == JobPlanner.submitted || configuration.stream(stream) != nil else {
            throw VarlinkError.noSuchStream(stream)
        }
    }

    func pause(_ arguments: inout VarlinkArguments, _ isPaused: Bool) throws {
        let stream = try arguments.optionalString("stream")
        try arguments.finish()
        if let stream { try check(stream: stream) }
        try scheduler.pause(stream, isPaused)
        let word = isPaused ? "paused" : "resumed"
        if let stream { ledger.events.stream(stream, word) } else { ledger.events.daemon(word) }
    }

    func set(_ arguments: inout VarlinkArguments, isRate: Bool) throws {
        let stream = try arguments.string("stream")
        guard let configured = configuration.stream(stream) else { throw VarlinkError.noSuchStream(stream) }
        let value: String?
        if isRate {
            // A camera's rate is fixed when its readers come.
            if case .camera = configured.sink { throw VarlinkError.parameter("rate") }
            let needsConstant = configured.sink.isLive || configured.source.isPipe
            value = try arguments.parsed("rate") { text in
                guard let rate = OutputRate(text) else { return nil }
                if case .constant = rate { return text }
                return needsConstant ? nil : text
            }
        } else {
            value = try arguments.parsed("profile") { ProfileChoice(rawValue: $0)?.rawValue }
        }
        try arguments.finish()
        let name = isRate ? "rate" : "profile"
        try ledger.journal.set("\(name).\(stream)", value)
        ledger.events.stream(stream, "\(name): \(value ?? "as configured")")
    }

    func play(_ arguments: inout VarlinkArguments, _ peer: Peer) throws {
        let path = try arguments.string("path")
        let stream = try arguments.string("stream")
        let loops = try arguments.optionalBool("loop") ?? false
        let now = try arguments.optionalBool("now") ?? false
        try arguments.finish()
        try check(stream: stream)
        guard let player = daemon.streams.player(stream) else { throw VarlinkError.notLive(stream) }
        let file = try readable(path, peer)
        guard player.queue.add(PlayQueue.Play(path: file, peer: peer, loops: loops, isUrgent: now)) else {
            throw VarlinkError.queueFull(PlayQueue.capacity)
        }
    }
}
