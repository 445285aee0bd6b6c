/// Parts of Glibc that Swift cannot see: names behind _GNU_SOURCE, variadic functions and function-like macros.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

/// Names the calling thread (at most 15 bytes are kept), for ps, top, gdb and perf.
void clinux_set_thread_name(const char *name);

/// From now on what is allocated in pieces of 4 MiB and more goes back to the system when it is freed: otherwise glibc keeps
/// what it thinks will be needed again, which for networks' activations can be more than they take. Of smaller pieces, up to
/// 32 MiB are kept: of every frame's pictures the system would have to clear each page anew. All threads share one arena: with one
/// for each thread, pictures that one thread makes and another one frees leave holes in all of them. Loops allocate nothing, so
/// nobody waits for it.
void clinux_give_back_memory(void);

/// Asks for the calling thread to get a processor as soon as it wants one: real-time (SCHED_RR, priority 1) where it may
/// (RLIMIT_RTPRIO), else a short time slice, else nothing. For threads that wait most of the time.
void clinux_run_promptly(void);

/// Processors that the calling thread may run on, at least 1.
int clinux_processors(void);

/// Tells the processor that the calling thread waits for another one in a loop.
static inline void clinux_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/// The note that the calling thread set last; NULL at first.
void *clinux_note(void);
void clinux_set_note(void *note);

/// A pipe, [read end, write end], both closed in children from the start and above the three standard descriptors, which a
/// child's would replace; returns 0, or -1 with errno.
int clinux_pipe(int ends[2]);

/// Installs SIG_IGN for a signal; returns 0, or -1 with errno.
int clinux_ignore_signal(int signal);

/// Raises a signal with its default action, which for most signals does not return.
void clinux_raise_default(int signal);

/// The terminal's width in columns behind `fd`, or 0 when it is no terminal.
int clinux_terminal_columns(int fd);

/// Blocks SIGHUP, SIGINT and SIGTERM in the calling thread and all that it starts from now on, so that `clinux_wait_for_signal`
/// gets them. Ignores SIGPIPE and SIGIO (a broken lease).
void clinux_hold_signals(void);

/// Waits for one of the held signals, at most `seconds`; returns its number, or 0.
int clinux_wait_for_signal(int seconds);

/// From now on SIGHUP, SIGINT and SIGTERM make the descriptor that is returned readable, whichever thread they come to, instead
/// of ending the process; those that were ignored stay ignored. -1 with errno. Once a process.
int clinux_catch_signals(void);

/// The last of the signals that were caught; 0 before the first.
int clinux_caught_signal(void);

/// pidfd_open(2): a descriptor that is readable when the child has ended, closed in children; -1 with errno.
int clinux_process_descriptor(pid_t process);

/// Makes a descriptor nonblocking; 0, or -1 with errno.
int clinux_set_nonblocking(int fd);

/// An event counter to wake a poll(2) with; -1 with errno. Nonblocking, closed in children.
int clinux_event(void);

/// inotify_init1(2), nonblocking and closed in children.
int clinux_inotify(void);

/// 1 when some process has the open regular file open for writing, 0 when none has, -1 when the system does not tell
/// (a file of another user, a file system without leases).
int clinux_has_writer(int fd);

/// renameat(2) that fails with EEXIST where `to` exists.
int clinux_rename_new(int from_folder, const char *from, int to_folder, const char *to);

/// Exchanges two names in one step; -1 with errno, EINVAL where the file system cannot.
int clinux_exchange(int folder, const char *name, int other_folder, const char *other);

/// O_PATH, which Glibc hides.
int clinux_o_path(void);

/// openat2(2) that neither follows a symbolic link nor leaves `folder`: ELOOP (without openat2: ELOOP or ENOTDIR) and EXDEV
/// where it would have to. `path` consists of entry names. -1 with errno.
int clinux_open_beneath(int folder, const char *path, int flags, mode_t mode);

/// Extended attributes of an open file: 0 or the value's length, -1 with errno.
int clinux_set_attribute(int fd, const char *name, const char *value);
long clinux_attribute(int fd, const char *name, char *buffer, size_t capacity);

/// 1 when changes under the path may happen on another machine or outside the kernel (NFS, CIFS, FUSE, 9p, ...), where
/// inotify does not see them; 0 when not, -1 with errno.
int clinux_is_remote(const char *path);

/// The user of the process at the other end of a Unix socket, and its supplementary groups (at most `capacity`).
/// Returns the number of groups, or -1 with errno.
int clinux_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid, gid_t *groups, int capacity);

/// A listening Unix socket at `path`, nonblocking, created with `mode`. An old socket there that nobody answers at is replaced;
/// -1 with EADDRINUSE where somebody does, with EEXIST where something else than a socket has the name.
int clinux_listen(const char *path, mode_t mode, int backlog);

/// The next connection, nonblocking and closed in children; -1 with errno.
int clinux_accept(int fd);

/// A connection to the Unix socket at `path`; -1 with errno.
int clinux_connect(const char *path);

/// 1 when the descriptor is a listening Unix stream socket.
int clinux_is_listening_unix(int fd);

/// 1 when standard error is the systemd journal.
int clinux_stderr_is_journal(void);

/// Opens a regular file for reading if a user could: walks the path, its symbolic links included, and looks at the mode bits of
/// every folder before anything in it is looked up, so that the answer says nothing about places that the user cannot search.
/// If a file has an access control list, only its owner passes. -1 with errno; EINVAL: not a regular file. The descriptor is
/// of the file that was checked, whatever happens to the path meanwhile.
int clinux_open_as(const char *path, uid_t user, const gid_t *groups, int count);

/// A timer of CLOCK_MONOTONIC, nonblocking, closed in children; -1 with errno.
int clinux_timer(void);

/// Makes a timer readable once CLOCK_MONOTONIC shows `nanoseconds`, at once where it does already.
int clinux_set_timer(int fd, long long nanoseconds);

/// Makes an open folder the working directory of a process that is to be spawned; 0, or an error number.
int clinux_spawn_in(posix_spawn_file_actions_t *actions, int folder);

/// From now on a signal by which the process ends through its own fault (SIGSEGV, SIGILL, SIGABRT ...) writes its number into a
/// file at `path`, then ends the process as ever. Once a process.
void clinux_note_crashes(const char *path);

/// A new file for reading and writing in a folder, that has no name and vanishes when its last descriptor is closed; closed in
/// children. -1 with errno.
int clinux_unnamed_file(const char *folder);

/// Whether a name matches a shell pattern (fnmatch), small and capital ASCII letters being the same. With `is_path` neither * nor ?
/// matches a slash.
int clinux_matches(const char *pattern, const char *name, int is_path);

/// The means of clinux_confine_thread.
enum { CLINUX_LANDLOCK = 1, CLINUX_SECCOMP = 2 };

/// The means that this system has.
int clinux_confinement(void);

/// Takes rights from the calling thread, and from all processes that it starts, for good: no new privileges (setuid programs),
/// no sockets, no access to other processes, and, of all files, nothing but those below `folder` and some devices can be written
/// to. Means that this system does not have are left out.
/// Returns 0; -1 with errno, and the thread is of no use any more.
int clinux_confine_thread(int folder);
