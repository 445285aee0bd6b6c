import Filesystem

/// A GIF in a watched folder: the folder as it is configured, and the path below it.
///
/// Users who may write into the folder may exchange its files and folders at any time. Everything here therefore goes through the
/// watched folder's descriptor and follows no link below it.
struct DroppedFile: Sendable {
    let root: Path
    let relative: Path

    /// The folder that it lies in.
    /// - Throws: `SystemError`.
    func folder() throws(SystemError) -> Folder {
        try Folder(root).folder(relative.folder)
    }

    /// The version of the regular file that lies there now.
    /// - Returns: nil where there is none.
    /// - Throws: `SystemError` where that cannot be told.
    func fingerprint() throws(SystemError) -> Fingerprint? {
        do {
            return try Fingerprint.of(relative.name, in: try folder())
        } catch {
            if error.leadsNowhere { return nil }
            throw error
        }
    }
}
