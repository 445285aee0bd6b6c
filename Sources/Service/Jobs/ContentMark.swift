import CGcrypt
import Glibc

/// Tells whether a video need be made again: the content of its GIF, and the settings that it was made with.
///
/// The journal keeps it beside the name of the video. A GIF whose time changed, but whose content did not, keeps its video.
struct ContentMark: Codable, Hashable, Sendable {
    /// Bytes of the file, and of the GIF in it: from its header through its trailer.
    let fileSize: Int
    let size: Int
    /// SHA-256 of the GIF, in hexadecimal digits.
    let hash: String
    /// `JobPlan.settings`.
    let settings: String

    /// Reads the GIF of an open file again.
    /// - Parameters:
    ///   - version: the file's.
    ///   - size: bytes of the GIF.
    /// - Returns: nil where the file holds fewer bytes, or cannot be read.
    init?(descriptor: Int32, version: Fingerprint, size: Int, settings: String) {
        guard let hash = Self.hash(descriptor, size) else { return nil }
        fileSize = version.size
        self.size = size
        self.hash = hash
        self.settings = settings
    }

    /// Whether an open file holds the same GIF, to be restored in the same way.
    func isOf(descriptor: Int32, version: Fingerprint, settings: String) -> Bool {
        fileSize == version.size && self.settings == settings && Self.hash(descriptor, size) == hash
    }

    private static let initialized: Void = cgcrypt_initialize()

    /// SHA-256 of the first bytes of a file.
    /// - Returns: nil where there are fewer, or they cannot be read.
    static func hash(_ descriptor: Int32, _ size: Int) -> String? {
        Self.initialized
        var state: gcry_md_hd_t?
        guard gcry_md_open(&state, Int32(GCRY_MD_SHA256.rawValue), 0) == 0, let state else { return nil }
        defer { gcry_md_close(state) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var offset = 0
        while offset < size {
            let count = pread(descriptor, &buffer, min(buffer.count, size - offset), offset)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            gcry_md_write(state, buffer, count)
            offset += count
        }
        guard let digest = gcry_md_read(state, Int32(GCRY_MD_SHA256.rawValue)) else { return nil }
        return UnsafeBufferPointer(start: digest, count: 32).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0\(digits)" : digits
        }.joined()
    }
}
