import Configuration

/// Watches the folder of one stream, on a thread of its own, and queues the files that are complete.
///
/// A file is complete when it was closed after writing or moved in, as inotify tells; a file that was found by looking
/// (at the start, after an overflow, where inotify is blind) when it did not change for a while and nobody has it open for
/// writing. Symbolic links are not followed, and everything is looked at relative to the open folder: whoever may write into it
/// does not thereby read the daemon's other files.
final class FolderWatcher: StreamPart {
    let thread: StreamThread
    let context: JobContext
    let scheduler: Scheduler
    let stream: StreamConfiguration
    let source: FolderSource

    init(_ context: JobContext, _ scheduler: Scheduler, _ stream: StreamConfiguration, _ source: FolderSource) {
        thread = StreamThread("folder-\(stream.name)", scheduler, detail: "is being looked through")
        self.context = context
        self.scheduler = scheduler
        self.stream = stream
        self.source = source
    }

    /// nil: the stream makes no files.
    var sink: FileSink? {
        if case .files(let sink) = stream.sink { sink } else { nil }
    }

    func work() {
        var watch = FolderWatch(self)
        watch.run()
    }

    /// Says what is wrong, to the log and to clients, too, when it is new; nil: all is well. On the watcher's thread.
    func say(_ text: String?) {
        guard thread.detail != text else { return }
        thread.detail = text
        if let text { Log.warning(text, stream: stream.name) }
        context.ledger.events.stream(stream.name, text ?? "watching \(source.path)")
    }
}
