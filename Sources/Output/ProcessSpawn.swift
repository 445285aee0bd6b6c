import CLinux
import Filesystem
import Glibc

/// posix_spawn(3) as we need it: a process group of its own, a working directory, three descriptors, and signals as a shell
/// would give them. No shell.
struct ProcessSpawn {
    /// An absolute path.
    let program: Path
    /// The first word is the program's name.
    let words: [String]
    /// The working directory.
    let folder: Folder
    /// nil: /dev/null.
    let input: Int32?
    let output: Int32?
    let errors: Int32
    /// Whether it gets no more rights than it needs to write into its working directory.
    let isConfined: Bool

    /// A step that failed, with its value of errno.
    struct Failure: Error {
        let code: Int32
    }

    /// - Returns: the number of the process, which is also that of its group.
    func run() throws(Failure) -> pid_t {
        isConfined ? try Confinement.run(in: folder) { () throws(Failure) in try spawn() } : try spawn()
    }

    private func spawn() throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        try check(posix_spawn_file_actions_init(&actions))
        defer { posix_spawn_file_actions_destroy(&actions) }
        try check(clinux_spawn_in(&actions, folder.descriptor))
        try add(&actions, input, STDIN_FILENO, O_RDONLY)
        try add(&actions, output, STDOUT_FILENO, O_WRONLY)
        try add(&actions, errors, STDERR_FILENO, O_WRONLY)
        var attributes = posix_spawnattr_t()
        try check(posix_spawnattr_init(&attributes))
        defer { posix_spawnattr_destroy(&attributes) }
        // The child gets back what this process ignores ...
        var restored = sigset_t()
        sigemptyset(&restored)
        for number in [SIGPIPE, SIGIO] { sigaddset(&restored, number) }
        try check(posix_spawnattr_setsigdefault(&attributes, &restored))
        // ... and what a daemon holds back for itself.
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        try check(posix_spawnattr_setsigmask(&attributes, &unblocked))
        try check(posix_spawnattr_setpgroup(&attributes, 0))
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        try check(posix_spawnattr_setflags(&attributes, Int16(flags)))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        try check(program.withCString { posix_spawn(&process, $0, &actions, &attributes, &arguments, environ) })
        return process
    }

    private func add(
        _ actions: inout posix_spawn_file_actions_t, _ descriptor: Int32?, _ number: Int32, _ mode: Int32
    ) throws(Failure) {
        if let descriptor {
            try check(posix_spawn_file_actions_adddup2(&actions, descriptor, number))
        } else {
            try check(posix_spawn_file_actions_addopen(&actions, number, "/dev/null", mode, 0))
        }
    }

    private func check(_ code: Int32) throws(Failure) {
        if code != 0 { throw Failure(code: code) }
    }
}
