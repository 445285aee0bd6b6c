import Glibc

/// A file descriptor that is closed once: by `close`, or with this object. One thread at a time.
final class OpenDescriptor {
    /// -1 after `close`, which poll(2) passes over.
    private(set) var number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        close()
    }

    func close() {
        if number >= 0 { Glibc.close(number) }
        number = -1
    }

    /// Leaves the closing to the caller.
    func release() -> Int32 {
        defer { number = -1 }
        return number
    }
}
