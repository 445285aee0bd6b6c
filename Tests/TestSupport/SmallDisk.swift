import Foundation

/// A disk of a few pages, for programs that are to find it full. Needs the right to mount: root, or user namespaces.
public enum SmallDisk {
    /// How a program ended that wrote to the disk.
    public struct Result: Sendable {
        public let status: Int32
        public let errors: String
        /// Names on the disk afterwards, hidden ones too.
        public let contents: [String]
    }

    /// Whether there can be one here.
    public static let isAvailable = (try? Tool.run("unshare", options + ["true"]).status) == 0 && canMount

    private static let options = geteuid() == 0 ? ["--mount"] : ["--mount", "--map-root-user"]

    private static var canMount: Bool {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? Tool.run("unshare", options + ["mount", "-t", "tmpfs", "none", folder.url.path]).status) == 0
    }

    /// Runs a program while a disk of its own is at `disk`, in a folder of the caller's.
    /// - Parameters:
    ///   - disk: an empty folder.
    ///   - kibibytes: what fits on the disk.
    public static func run(
        _ path: String, _ arguments: [String], disk: String, kibibytes: Int, environment: [String: String] = [:]
    ) throws -> Result {
        let script = """
            mount -t tmpfs -o size=\(kibibytes)k none "$0" || exit 99
            "$@"; status=$?; ls -A "$0"; exit $status
            """
        let result = try Tool.run(
            "unshare", options + ["bash", "-c", script, disk, path] + arguments, environment: environment)
        return Result(
            status: result.status, errors: result.errors,
            contents: String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init))
    }
}
