import Glibc

/// A listening socket that this process made, and which entry of its folder it is.
struct ControlSocket: Sendable {
    let descriptor: Int32
    private let path: String
    private let identity: Identity?

    private struct Identity: Equatable {
        let device: UInt
        let inode: UInt

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }
    }

    /// - Parameter descriptor: just bound to the path.
    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
        identity = Identity(path)
    }

    /// Removes the entry, unless another socket has taken its name.
    func remove() {
        if let identity, Identity(path) == identity { unlink(path) }
    }
}
