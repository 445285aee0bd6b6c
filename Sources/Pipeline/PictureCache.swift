public import Media
public import Restoration
import Threads

/// Restored pictures of GIFs that may be played again: a loop is restored once.
///
/// Holds at most `capacity` bytes of pictures, recordings under way included; those that were not shown for longest make
/// room. A GIF that does not fit as a whole is not kept at all. Any thread; `Playback` is the usual way to use it.
public final class PictureCache: Sendable {
    /// Two plays of a GIF with equal keys show the same pictures.
    public struct Key: Hashable, Sendable {
        /// Tells one GIF, and one version of a file, from all others, for instance by its path, inode, size and time.
        public let content: String
        /// nil: the frames are left as they are.
        public let profile: ModelSet.Profile?
        public let options: RestorationOptions

        public init(content: String, profile: ModelSet.Profile?, options: RestorationOptions) {
            self.content = content
            self.profile = profile
            self.options = options
        }
    }

    /// One GIF, all of its pictures.
    struct Entry {
        let pictures: [Picture]
        let report: RestorationStream.Report
        let bytes: Int
        /// Larger for those shown later.
        var shown: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var recorded = 0
        var shows = 0

        var bytes: Int { entries.values.reduce(recorded) { $0 + $1.bytes } }
    }

    /// Bytes that are kept at most.
    public let capacity: Int
    private let state = Monitor(State())

    /// - Parameter capacity: in bytes; 0 keeps nothing.
    public init(capacity: Int) {
        precondition(capacity >= 0, "a capacity of \(capacity) bytes")
        self.capacity = capacity
    }

    /// Bytes that are kept now: pixels, and what is known of each picture.
    public var bytes: Int { state.withLock { $0.bytes } }

    /// The pictures of a GIF with their times, in order; nil where it is not kept.
    public func pictures(for key: Key) -> [Picture]? { entry(for: key)?.pictures }

    func entry(for key: Key) -> Entry? {
        state.withLock { state in
            state.shows += 1
            state.entries[key]?.shown = state.shows
            return state.entries[key]
        }
    }

    /// Begins to keep a GIF's pictures.
    func recording() -> Recording { Recording(self) }

    /// Makes room for a recording's next picture.
    /// - Returns: false where there is none.
    fileprivate func reserve(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.recorded + bytes <= capacity else { return false }
            state.recorded += bytes
            while state.bytes > capacity, let oldest = state.entries.min(by: { $0.value.shown < $1.value.shown }) {
                state.entries[oldest.key] = nil
            }
            return true
        }
    }

    fileprivate func release(_ bytes: Int) {
        state.withLock { $0.recorded -= bytes }
    }

    fileprivate func keep(_ pictures: [Picture], _ report: RestorationStream.Report, bytes: Int, for key: Key) {
        state.withLock { state in
            state.shows += 1
            state.recorded -= bytes
            state.entries[key] = Entry(pictures: pictures, report: report, bytes: bytes, shown: state.shows)
        }
    }

    /// A GIF's pictures as they are shown for the first time. One thread.
    final class Recording {
        private let cache: PictureCache
        private var pictures: [Picture] = []
        private var bytes = 0
        private var isGivenUp = false

        fileprivate init(_ cache: PictureCache) {
            self.cache = cache
        }

        deinit {
            cache.release(bytes)
        }

        func add(_ picture: Picture) {
            guard !isGivenUp else { return }
            // A picture that repeats the one before shares its pixels; but there may be a million of them.
            let shares = pictures.last?.sharesPixels(with: picture) ?? false
            let more = MemoryLayout<Picture>.stride + (shares ? 0 : picture.pixels.count)
            guard cache.reserve(more) else {
                isGivenUp = true
                pictures = []
                cache.release(bytes)
                bytes = 0
                return
            }
            bytes += more
            pictures.append(picture)
        }

        /// Says that these were all.
        func keep(_ report: RestorationStream.Report, for key: Key) {
            guard !isGivenUp else { return }
            cache.keep(pictures, report, bytes: bytes, for: key)
            bytes = 0
        }
    }
}
