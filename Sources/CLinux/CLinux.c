#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <limits.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

void clinux_set_thread_name(const char *name) {
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
    pthread_setname_np(pthread_self(), kept);
}

void clinux_give_back_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
    mallopt(M_ARENA_MAX, 1);
}

void clinux_run_promptly(void) {
    struct sched_param first = {.sched_priority = 1};
    if (pthread_setschedparam(pthread_self(), SCHED_RR, &first) == 0) return;
    // struct sched_attr, which glibc 2.36 does not have: since Linux 6.12 the usual class takes a slice (in nanoseconds),
    // and threads that ask for short ones get the processor soon. Older kernels pass it over.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t slice, deadline, period;
    } about = {.size = 48, .policy = SCHED_OTHER, .nice = getpriority(PRIO_PROCESS, 0), .slice = 100000};
    syscall(SYS_sched_setattr, 0, &about, 0);
}

int clinux_processors(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static _Thread_local void *note;

void *clinux_note(void) { return note; }

void clinux_set_note(void *value) { note = value; }

int clinux_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    for (int i = 0; i < 2; i++) {
        if (ends[i] > STDERR_FILENO) continue;
        // A process that was started without a standard descriptor.
        const int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        const int code = errno;
        close(ends[i]);
        ends[i] = moved;
        if (moved >= 0) continue;
        close(ends[1 - i]);
        errno = code;
        return -1;
    }
    return 0;
}

int clinux_ignore_signal(int signal) {
    struct sigaction action = {0};
    action.sa_handler = SIG_IGN;
    return sigaction(signal, &action, NULL);
}

void clinux_raise_default(int number) {
    struct sigaction action = {0};
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
    raise(number);
}

int clinux_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void held_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void clinux_hold_signals(void) {
    sigset_t set;
    held_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    clinux_ignore_signal(SIGPIPE);
    clinux_ignore_signal(SIGIO);
}

int clinux_wait_for_signal(int seconds) {
    sigset_t set;
    held_signals(&set);
    struct timespec limit = {.tv_sec = seconds};
    int number = sigtimedwait(&set, NULL, &limit);
    return number > 0 ? number : 0;
}

static int caught = -1;
static volatile sig_atomic_t caught_signal;

static void catch_signal(int number) {
    const int code = errno;
    caught_signal = number;
    const uint64_t one = 1;
    // Nothing can be done about a write that fails; a full counter is readable.
    const ssize_t count = write(caught, &one, sizeof one);
    (void)count;
    errno = code;
}

int clinux_catch_signals(void) {
    const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    sigset_t mask;
    caught = clinux_event();
    if (caught < 0) return -1;
    // The parent process may have had them blocked.
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&mask, signals[i]);
    pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = catch_signal;
        action.sa_flags = SA_RESTART;
        if (sigaction(signals[i], &action, NULL) != 0) return -1;
    }
    return caught;
}

int clinux_caught_signal(void) { return caught_signal; }

int clinux_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int clinux_set_nonblocking(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int clinux_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int clinux_has_writer(int fd) {
    // A read lease is only granted while nobody has the file open for writing.
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int clinux_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // A file system that cannot: a hard link does not replace either.
    if (linkat(from_folder, from, to_folder, to, 0) != 0) return -1;
    return unlinkat(from_folder, from, 0);
}

int clinux_exchange(int folder, const char *name, int other_folder, const char *other) {
    return renameat2(folder, name, other_folder, other, RENAME_EXCHANGE);
}

int clinux_o_path(void) { return O_PATH; }

/// Closes a descriptor, if it is one, and leaves errno as it is.
static void close_keeping_errno(int fd) {
    const int code = errno;
    if (fd >= 0) close(fd);
    errno = code;
}

/// openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS where the kernel or its filter does not have it: one component
/// after the other, none of them a link.
static int walk_beneath(int folder, const char *path, int flags, mode_t mode) {
    char name[NAME_MAX + 1];
    int current = -1;
    for (;;) {
        const char *end = strchrnul(path, '/');
        if ((size_t)(end - path) > NAME_MAX) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(name, path, (size_t)(end - path));
            name[end - path] = 0;
            const int how = *end ? O_PATH | O_DIRECTORY | O_CLOEXEC : flags;
            const int next = openat(current < 0 ? folder : current, name, how | O_NOFOLLOW, mode);
            // O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link.
            close_keeping_errno(current);
            if (next < 0 || !*end) return next;
            current = next;
            path = end + 1;
            continue;
        }
        close_keeping_errno(current);
        return -1;
    }
}

int clinux_open_beneath(int folder, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (unsigned)flags,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    // EAGAIN: something was renamed while the path was followed.
    for (int tries = 0; tries < 16; tries++) {
        const long descriptor = syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (descriptor >= 0) return (int)descriptor;
        if (errno == ENOSYS || errno == EPERM) return walk_beneath(folder, path, flags, mode);
        if (errno != EAGAIN) return -1;
    }
    return -1;
}

int clinux_is_remote(const char *path) {
    struct statfs about;
    if (statfs(path, &about) != 0) return -1;
    // From linux/magic.h and the file systems' sources.
    static const unsigned remote[] = {
        0x6969,     // NFS
        0xFF534D42, // CIFS
        0xFE534D42, // SMB2
        0x517B,     // SMB
        0x65735546, // FUSE: sshfs, s3fs, rclone ...
        0x01021997, // 9p
        0x5346414F, // AFS
        0x00C36400, // Ceph
        0x786F4256, // VirtualBox's shared folders
        0x73757245, // Coda
        0x47504653, // GPFS
        0x0BD00BD0, // Lustre
    };
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if ((unsigned)about.f_type == remote[i]) return 1;
    return 0;
}

int clinux_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid, gid_t *groups, int capacity) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    size = (socklen_t)(capacity * (int)sizeof *groups);
    // More groups than fit: none count, which can only refuse.
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) return 0;
    return (int)(size / sizeof *groups);
}

static int fill_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

int clinux_listen(const char *path, mode_t mode, int backlog) {
    struct sockaddr_un address;
    if (fill_address(&address, path) != 0) return -1;
    struct stat old;
    if (lstat(path, &old) == 0) {
        if (!S_ISSOCK(old.st_mode)) {
            errno = EEXIST;
            return -1;
        }
        // A socket that somebody answers at is somebody's; EAGAIN says that its queue is full.
        const int other = clinux_connect(path);
        if (other >= 0) close(other);
        if (other >= 0 || errno == EAGAIN) {
            errno = EADDRINUSE;
            return -1;
        }
        if (errno != ECONNREFUSED) return -1;
        unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    // Nobody gets in between bind and chmod. (Called before there are threads that create files.)
    mode_t mask = umask(0777);
    int status = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (status == 0 && chmod(path, mode) == 0 && listen(fd, backlog) == 0) return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int clinux_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int clinux_connect(const char *path) {
    struct sockaddr_un address;
    if (fill_address(&address, path) != 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

/// Whether a file has a POSIX access control list, which its mode bits do not tell all about.
static int has_acl(int fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

int clinux_is_listening_unix(int fd) {
    int domain = 0, accepting = 0;
    socklen_t size = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX) return 0;
    size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) == 0 && accepting;
}

int clinux_stderr_is_journal(void) {
    const char *named = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat about;
    return named && sscanf(named, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &about) == 0 &&
           about.st_dev == device && about.st_ino == inode;
}

static int may(int fd, uid_t user, const gid_t *groups, int count, int bit) {
    struct stat about;
    if (fstat(fd, &about) != 0) return 0;
    if (about.st_uid == user) return (about.st_mode >> 6 & bit) != 0;
    // The mode bits of a file with an access control list are not what they seem.
    if (has_acl(fd)) return 0;
    for (int i = 0; i < count; i++)
        if (groups[i] == about.st_gid) return (about.st_mode >> 3 & bit) != 0;
    return (about.st_mode & bit) != 0;
}

/// Opens a file that was looked at with O_PATH for reading, if it is a regular one.
static int open_regular(int looked_at) {
    struct stat about;
    if (fstat(looked_at, &about) != 0) return -1;
    if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", looked_at);
    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/// Puts the target of a link before the rest of a path. The rest may lie in `pending`.
static int put_before(char pending[2 * PATH_MAX], const char *target, const char *rest) {
    char joined[2 * PATH_MAX];
    const int length = snprintf(joined, sizeof joined, "%s%s%s", target, *rest ? "/" : "", rest);
    if (length < 0 || (size_t)length >= sizeof joined) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(pending, joined, (size_t)length + 1);
    return 0;
}

int clinux_open_as(const char *path, uid_t user, const gid_t *groups, int count) {
    char pending[2 * PATH_MAX];
    if (path[0] != '/' || put_before(pending, path, "") != 0) {
        errno = ENOENT;
        return -1;
    }
    int folder = open("/", O_PATH | O_CLOEXEC);
    char *rest = pending;
    for (int links = 0; folder >= 0;) {
        rest += strspn(rest, "/");
        char *end = strchrnul(rest, '/');
        // Nothing is looked up in a folder that the user may not search: there, all answers are the same.
        if (!*rest || !may(folder, user, groups, count, 1)) {
            errno = *rest ? EACCES : EINVAL;
            break;
        }
        char name[NAME_MAX + 1];
        if ((size_t)(end - rest) > NAME_MAX) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(name, rest, (size_t)(end - rest));
        name[end - rest] = 0;
        const int next = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat about;
        if (next < 0 || fstat(next, &about) != 0) {
            if (next >= 0) close(next);
            break;
        }
        if (S_ISLNK(about.st_mode)) {
            char target[PATH_MAX];
            const ssize_t length = readlinkat(next, "", target, sizeof target - 1);
            close(next);
            if (++links > 40) errno = ELOOP;
            if (length < 0 || links > 40) break;
            target[length] = 0;
            if (put_before(pending, target, end) != 0) break;
            rest = pending;
            if (target[0] == '/') {
                close(folder);
                folder = open("/", O_PATH | O_CLOEXEC);
            }
            continue;
        }
        close(folder);
        folder = next;
        rest = end;
        if (S_ISDIR(about.st_mode)) continue;
        if (*end)
            errno = ENOTDIR;
        else if (!S_ISREG(about.st_mode))
            errno = EINVAL;
        else if (!may(folder, user, groups, count, 4))
            errno = EACCES;
        else {
            const int opened = open_regular(folder);
            close_keeping_errno(folder);
            return opened;
        }
        break;
    }
    close_keeping_errno(folder);
    return -1;
}

int clinux_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int clinux_set_timer(int fd, long long nanoseconds) {
    // Zero would disarm it.
    const long long time = nanoseconds > 0 ? nanoseconds : 1;
    const struct itimerspec when = {.it_value = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int clinux_set_attribute(int fd, const char *name, const char *value) {
    return fsetxattr(fd, name, value, strlen(value), 0);
}

long clinux_attribute(int fd, const char *name, char *buffer, size_t capacity) {
    return fgetxattr(fd, name, buffer, capacity);
}

int clinux_spawn_in(posix_spawn_file_actions_t *actions, int folder) {
    return posix_spawn_file_actions_addfchdir_np(actions, folder);
}

static char note_path[PATH_MAX];

static void note_crash(int number) {
    // Only what may be called in a signal handler.
    const int fd = open(note_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        const char text[] = {(char)('0' + number / 10), (char)('0' + number % 10), '\n'};
        const ssize_t count = write(fd, text, sizeof text);
        (void)count;
        fsync(fd);
        close(fd);
    }
    // SA_RESETHAND: the fault happens again and ends the process, or this does.
    raise(number);
}

void clinux_note_crashes(const char *path) {
    if (strlen(path) >= sizeof note_path) return;
    strcpy(note_path, path);
    static const int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {0};
        action.sa_handler = note_crash;
        action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
        sigaction(signals[i], &action, NULL);
    }
}

int clinux_unnamed_file(const char *folder) {
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    // Some file systems, such as NFS, have no files without a name.
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/gif2video-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

int clinux_matches(const char *pattern, const char *name, int is_path) {
    return fnmatch(pattern, name, FNM_CASEFOLD | (is_path ? FNM_PATHNAME : 0)) == 0;
}
