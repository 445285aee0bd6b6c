/// Follows giflib's reads through an image's data sub-blocks, to know whether the terminator was read.
///
/// giflib reads a length byte, then that many bytes at once, until the length is 0; it does not tell where it stopped
/// when an image is defective.
struct SubBlockTracker {
    private var remaining = 0
    private(set) var isInside = false

    /// The image's header is read: a length byte comes next.
    mutating func begin() {
        remaining = 0
        isInside = true
    }

    /// giflib read these bytes.
    mutating func didRead(_ bytes: UnsafeRawBufferPointer) {
        guard isInside, let first = bytes.first else { return }
        if remaining > 0 {
            remaining = max(remaining - bytes.count, 0)
        } else {
            remaining = Int(first)
            isInside = first != 0
        }
    }
}
