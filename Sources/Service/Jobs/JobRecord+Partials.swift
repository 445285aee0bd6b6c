import Filesystem
import Glibc

extension JobRecord {
    /// Removes the private folders that attempts left behind. An encoder that outlived its daemon writes on, into a file without a name.
    func removePartials() {
        guard attempts > 0, output != nil, let folder = try? outputFolder() else { return }
        for attempt in 1...attempts {
            for name in PrivateFolder.names(stagingName(attempt: attempt)) {
                guard let status = try? folder.status(name), status.st_mode & S_IFMT == S_IFDIR else { break }
                PrivateFolder.remove(name, in: folder)
            }
        }
    }
}
