import Glibc

/// Memory for a large map, or for all maps of a network's state, straight from the system: zeros that take no memory before
/// they are written, in large pages where the system has them. The many small ones would take longer than a frame when a
/// stream starts.
final class HugePageBuffer {
    let base: UnsafeMutableRawPointer
    /// Bytes that can be used.
    let byteCount: Int
    /// Bytes from `base` on that belong to the object; some at the end are never used.
    private let reserved: Int

    /// Bytes of a large page.
    static let pageSize = 1 << 21

    /// - Parameter byteCount: bytes of all maps together.
    init(byteCount: Int) {
        precondition(byteCount > 0, "no memory at all")
        self.byteCount = byteCount
        // A page more, as the system's memory may begin anywhere in a page.
        let start = mmap(
            nil, byteCount + Self.pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { fatalError("no memory for \(byteCount) bytes of maps") }
        let before = -Int(bitPattern: start) & (Self.pageSize - 1)
        base = start + before
        reserved = byteCount + Self.pageSize - before
        if before > 0 { munmap(start, before) }
        // Whole large pages only. A kernel that has none refuses, and small pages serve.
        madvise(base, byteCount / Self.pageSize * Self.pageSize, MADV_HUGEPAGE)
    }

    deinit {
        munmap(base, reserved)
    }
}
