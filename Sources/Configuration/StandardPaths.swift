import Glibc

/// The default paths: systemd's folders, else the system's for root, else the user's.
public struct StandardPaths: Hashable, Sendable {
    /// Existing or not.
    public var configuration: String
    public var stateFolder: String
    public var socket: String

    /// - Parameters:
    ///   - environment: looks up a variable; nil where it is unset.
    ///   - isRoot: whether the process is the system's; nil: whether it is root's.
    ///   - exists: whether a file can be read; nil: asks the system.
    public init(
        environment: (String) -> String? = StandardPaths.variable, isRoot: Bool? = nil,
        exists: ((String) -> Bool)? = nil
    ) {
        let isRoot = isRoot ?? (geteuid() == 0)
        let canRead: (String) -> Bool = exists ?? { access($0, R_OK) == 0 }
        let home = environment("HOME") ?? "/"
        let user = "\(environment("XDG_CONFIG_HOME") ?? "\(home)/.config")/gif2video/gif2video.toml"
        configuration = !isRoot && canRead(user) ? user : "/etc/gif2video/gif2video.toml"
        // systemd lists several folders with colons; ours is the first.
        func systemd(_ name: String) -> String? {
            environment(name)?.split(separator: ":").first.map(String.init)
        }
        stateFolder =
            systemd("STATE_DIRECTORY") ?? environment("XDG_STATE_HOME").map { "\($0)/gif2video" }
            ?? (isRoot ? "/var/lib/gif2video" : "\(home)/.local/state/gif2video")
        let runtime =
            systemd("RUNTIME_DIRECTORY") ?? environment("XDG_RUNTIME_DIR").map { "\($0)/gif2video" }
            ?? (isRoot ? "/run/gif2video" : "\(home)/.local/state/gif2video")
        socket = "\(runtime)/control"
    }

    /// A variable of this process's environment; an empty one counts as unset.
    public static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
