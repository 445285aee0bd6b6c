import CLinux
import Configuration
import Control
import Filesystem
import Glibc

/// The users who may use the control socket.
struct AccessList: Sendable {
    private let control: ControlConfiguration

    init(_ control: ControlConfiguration) {
        self.control = control
    }

    /// Whether a user's calls are answered. Users are looked up each time, as they may come and go.
    func allows(_ peer: Peer) -> Bool {
        if peer.user == 0 || peer.user == geteuid() || control.allowedUsers.isEmpty { return true }
        return control.allowedUsers.contains { Self.user($0) == peer.user }
    }

    private static func user(_ name: String) -> uid_t? {
        if let number = UInt32(name) { return number }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 16384)
        return getpwnam_r(name, &entry, &text, text.count, &found) == 0 && found != nil ? entry.pw_uid : nil
    }

    /// The listening control socket, with its mode and group.
    /// - Throws: `Daemon.StartFailure`.
    func listen() throws -> ControlSocket {
        try ControlSocket.listen(
            "control", path: control.socket, mode: control.mode, group: control.group)
    }
}

extension ControlSocket {
    /// Makes a listening, nonblocking socket, and its folder.
    /// - Parameters:
    ///   - name: of its table in the configuration.
    ///   - group: nil: the daemon's own.
    /// - Throws: `Daemon.StartFailure`.
    static func listen(_ name: String, path: String, mode: UInt32, group: String?) throws -> ControlSocket {
        do {
            guard let folder = Path(text: path)?.folder else { throw SystemError(path: "", code: EINVAL) }
            _ = try Folder(folder, creating: 0o755)
        } catch {
            throw Daemon.StartFailure(description: "the \(name) socket: \(error)")
        }
        let descriptor = clinux_listen(path, mode, 128)
        guard descriptor >= 0 else {
            let reason =
                errno == EADDRINUSE
                ? "another gif2videod answers there; give this one another [\(name)] socket"
                : errno == EEXIST ? "it exists and is no socket; remove it" : String(cString: strerror(errno))
            throw Daemon.StartFailure(description: "the \(name) socket \(path): \(reason)")
        }
        let socket = ControlSocket(descriptor: descriptor, path: path)
        if let group {
            guard let number = Self.number(ofGroup: group), chown(path, uid_t.max, number) == 0 else {
                close(descriptor)
                socket.remove()
                throw Daemon.StartFailure(description: "the \(name) socket \(path) cannot belong to group \(group)")
            }
        }
        return socket
    }

    private static func number(ofGroup name: String) -> gid_t? {
        if let number = UInt32(name) { return number }
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var text = [CChar](repeating: 0, count: 16384)
        return getgrnam_r(name, &entry, &text, text.count, &found) == 0 && found != nil ? entry.gr_gid : nil
    }
}
