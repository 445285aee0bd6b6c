import Filesystem
import Glibc
import Threads

/// The encoders of this process that run, and the private folders of its outputs that are not complete.
///
/// A program that is about to end by a signal uses it to leave neither an encoder nor a folder behind. Any thread.
public enum UnfinishedOutputs {
    private struct State {
        var isOver = false
        var groups: [ObjectIdentifier: ProcessGroup] = [:]
        var nextKey = 0
        var folders: [Int: (parent: Folder, name: Path)] = [:]
    }

    private static let state = Monitor(State())

    /// Kills the encoders and removes the private folders. Threads that begin or end an output from now on wait for ever: the
    /// process must end.
    public static func abandon() {
        let (groups, folders) = state.update { state in
            state.isOver = true
            return (Array(state.groups.values), Array(state.folders.values))
        }
        for group in groups { group.kill() }
        // A process that waits for a dead disk does not even end when it is killed.
        let deadline = Clock.steady + 2
        for group in groups {
            while !group.hasEnded && Clock.steady < deadline { usleep(1000) }
        }
        for (parent, name) in folders {
            // Another thread may have been creating a file in it.
            for _ in 0..<3 { PrivateFolder.remove(name, in: parent) }
        }
    }

    /// Starts a child under the lock, so that none is missed.
    static func start(_ body: () throws -> ProcessGroup) rethrows -> ProcessGroup {
        try state.whenever({ !$0.isOver }) { state in
            let group = try body()
            state.groups[ObjectIdentifier(group)] = group
            return group
        }
    }

    static func forget(_ group: ProcessGroup) {
        state.whenever({ !$0.isOver }) { $0.groups[ObjectIdentifier(group)] = nil }
    }

    /// Makes a private folder under the lock, so that none is missed.
    /// - Returns: the folder, its name, and the key to forget it by.
    /// - Throws: `SystemError`.
    static func makeFolder(
        in parent: Folder, _ name: Path
    ) throws(SystemError) -> (folder: Folder, name: Path, key: Int) {
        let made = state.whenever({ !$0.isOver }) { state -> Result<(Folder, Path, Int), SystemError> in
            do throws(SystemError) {
                let (folder, name) = try PrivateFolder.make(name, in: parent)
                state.nextKey += 1
                state.folders[state.nextKey] = (parent, name)
                return .success((folder, name, state.nextKey))
            } catch {
                return .failure(error)
            }
        }
        return try made.get()
    }

    static func forgetFolder(_ key: Int) {
        state.whenever({ !$0.isOver }) { $0.folders[key] = nil }
    }
}
