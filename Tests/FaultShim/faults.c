/// Preloaded (LD_PRELOAD) into a program: counts the calls that change the disk below a folder, and lets one of them go wrong.
///
/// FAULT_PROGRAM: the program's short name; others that inherit the environment, and its own children, are left alone.
/// FAULT_ROOT: the folder. FAULT_LOG: a file outside it that gets a line for each call: its number, name and path.
/// FAULT_AT: the number, from 1, of the call that goes wrong; 0: none. FAULT_ACT: how:
/// "kill" (SIGKILL before the call), "power" (the same, and every file has the bytes of its last sync again),
/// "short" (half of the bytes are written; another call fails with EINTR), "random" (each call goes wrong once in FAULT_AT times,
/// in one of these ways but for the first two), or a number of errno.
/// FAULT_TIMES: so many calls go wrong, one after the other; 1 where it is not set.
/// FAULT_CLOCK: a file with seconds, which are added to the time of day; it may change.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char *root;
static size_t root_length;
static long fault_at, fault_times = 1;
static enum { ACT_ERROR, ACT_KILL, ACT_POWER, ACT_SHORT, ACT_RANDOM } act;
static int error;
static const char *clock_file;
static int log_file = -1;
static atomic_long count;

__attribute__((constructor)) static void begin(void) {
    const char *program = getenv("FAULT_PROGRAM"), *place = getenv("FAULT_ROOT"), *log = getenv("FAULT_LOG");
    if (!program || !place || !log || strcmp(program, program_invocation_short_name) != 0) return;
    const char *at = getenv("FAULT_AT"), *how = getenv("FAULT_ACT"), *times = getenv("FAULT_TIMES");
    fault_at = at ? atol(at) : 0;
    if (times) fault_times = atol(times);
    act = !how ? ACT_ERROR : !strcmp(how, "kill") ? ACT_KILL : !strcmp(how, "power") ? ACT_POWER
        : !strcmp(how, "short") ? ACT_SHORT : !strcmp(how, "random") ? ACT_RANDOM : ACT_ERROR;
    error = how && act == ACT_ERROR ? atoi(how) : EINTR;
    log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    const char *offset = getenv("FAULT_CLOCK");
    if (offset) clock_file = strdup(offset);
    // Children are no part of it.
    unsetenv("LD_PRELOAD");
    root_length = strlen(place);
    root = strdup(place);
}

/// The path of an open file, or of a name in an open folder.
static void path_of(char path[PATH_MAX], int folder, const char *name) {
    path[0] = 0;
    if (name && name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    char link[40];
    if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) length = 0;
    path[length] = 0;
    if (name) snprintf(path + length, (size_t)(PATH_MAX - length), "/%s", name);
}

static void lose_unsynced(void);

/// How a call goes wrong.
struct fault {
    bool is_short;
    /// Of errno; 0: it does not go wrong.
    int code;
};

/// - Returns: the fault of a call, once in `fault_at` times.
static struct fault random_fault(long number) {
    static const int codes[] = {EIO, ENOSPC, EMFILE, ENOMEM, EINTR};
    // SplitMix64; another start of the program has other faults.
    unsigned long mixed = (unsigned long)number * 0x9E3779B97F4A7C15 + (unsigned long)getpid() * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    mixed ^= mixed >> 31;
    if (mixed % (unsigned long)fault_at != 0) return (struct fault){false, 0};
    const unsigned long kind = (mixed >> 40) % 6;
    return kind == 5 ? (struct fault){true, EINTR} : (struct fault){false, codes[kind]};
}

/// Counts a call. - Returns: how it is to go wrong.
static struct fault goes_wrong(const char *call, int folder, const char *name) {
    const struct fault none = {false, 0};
    if (!root) return none;
    const int saved = errno;
    char path[PATH_MAX], line[PATH_MAX + 64];
    path_of(path, folder, name);
    if (strncmp(path, root, root_length) != 0) {
        errno = saved;
        return none;
    }
    const long number = atomic_fetch_add(&count, 1) + 1;
    const struct fault fault = act == ACT_RANDOM && fault_at > 0 ? random_fault(number) : none;
    const int length = snprintf(line, sizeof line, fault.code ? "%ld %s %s failed %d\n" : "%ld %s %s\n", number, call,
                                path + root_length, fault.code);
    if (syscall(SYS_write, log_file, line, (size_t)length) < 0) abort();
    errno = saved;
    if (act == ACT_RANDOM) return fault;
    if (fault_at == 0 || number < fault_at || number >= fault_at + fault_times) return none;
    if (act == ACT_POWER) lose_unsynced();
    if (act == ACT_KILL || act == ACT_POWER) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    return (struct fault){act == ACT_SHORT, error};
}

static int fails(const char *call, int folder, const char *name) {
    const struct fault fault = goes_wrong(call, folder, name);
    if (fault.code == 0) return 0;
    errno = fault.code;
    return -1;
}

// MARK: The bytes that a power loss takes

/// A file that was written to since its last sync, as it was then.
struct unsynced {
    dev_t device;
    ino_t inode;
    int descriptor;
    off_t size;
    char *bytes;
    struct unsynced *next;
};
static struct unsynced *unsynced;
static pthread_mutex_t unsynced_lock = PTHREAD_MUTEX_INITIALIZER;

static struct unsynced **find(const struct stat *status) {
    struct unsynced **place = &unsynced;
    while (*place && ((*place)->device != status->st_dev || (*place)->inode != status->st_ino)) place = &(*place)->next;
    return place;
}

/// Called before a file is changed.
static void keep(int descriptor) {
    struct stat status;
    char path[PATH_MAX], link[40];
    if (!root || act != ACT_POWER) return;
    path_of(path, descriptor, NULL);
    if (strncmp(path, root, root_length) != 0 || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
    pthread_mutex_lock(&unsynced_lock);
    if (!*find(&status)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        struct unsynced *file = calloc(1, sizeof *file);
        *file = (struct unsynced){status.st_dev, status.st_ino, -1, status.st_size, malloc((size_t)status.st_size + 1),
                                  unsynced};
        file->descriptor = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC, 0);
        if (file->descriptor < 0 || pread(file->descriptor, file->bytes, (size_t)file->size, 0) != file->size) abort();
        unsynced = file;
    }
    pthread_mutex_unlock(&unsynced_lock);
}

/// Called after a file's sync.
static void forget(int descriptor) {
    struct stat status;
    if (!root || act != ACT_POWER || fstat(descriptor, &status) != 0) return;
    pthread_mutex_lock(&unsynced_lock);
    struct unsynced **place = find(&status), *file = *place;
    if (file) {
        *place = file->next;
        close(file->descriptor);
        free(file->bytes);
        free(file);
    }
    pthread_mutex_unlock(&unsynced_lock);
}

static void lose_unsynced(void) {
    pthread_mutex_lock(&unsynced_lock);
    for (struct unsynced *file = unsynced; file; file = file->next) {
        if (syscall(SYS_ftruncate, file->descriptor, file->size) != 0
            || syscall(SYS_pwrite64, file->descriptor, file->bytes, (size_t)file->size, 0L) != file->size)
            abort();
    }
}

// MARK: The calls

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

#define OPENS(name, leading, folder, ...)                                                                            \
    int name(leading const char *path, int flags, ...) {                                                             \
        mode_t mode = 0;                                                                                             \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                                       \
            va_list arguments;                                                                                       \
            va_start(arguments, flags);                                                                              \
            mode = va_arg(arguments, mode_t);                                                                        \
            va_end(arguments);                                                                                       \
        }                                                                                                            \
        if (flags & (O_CREAT | O_TRUNC) && fails("open", folder, path)) return -1;                                   \
        return REAL(name)(__VA_ARGS__ path, flags, mode);                                                            \
    }
#define FOLDER_AND int folder,
OPENS(open, , AT_FDCWD, )
OPENS(open64, , AT_FDCWD, )
OPENS(openat, FOLDER_AND, folder, folder, )
OPENS(openat64, FOLDER_AND, folder, folder, )

/// openat2(2), which has no function of its own.
long syscall(long number, ...) {
    long words[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++) words[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_openat2 && ((const struct open_how *)words[2])->flags & (O_CREAT | O_TRUNC)
        && fails("open", (int)words[0], (const char *)words[1]))
        return -1;
    return REAL(syscall)(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

#define WRITES(name, call, result, bytes, parameters, ...)                                                           \
    result name parameters {                                                                                         \
        keep(fd);                                                                                                    \
        const struct fault fault = fd > 2 ? goes_wrong(call, fd, NULL) : (struct fault){false, 0};                    \
        if (fault.code != 0) {                                                                                       \
            if (fault.is_short && (bytes) > 1) {                                                                     \
                count_ = (bytes) / 2;                                                                                \
                return REAL(name)(__VA_ARGS__);                                                                      \
            }                                                                                                        \
            errno = fault.code;                                                                                      \
            return -1;                                                                                               \
        }                                                                                                            \
        return REAL(name)(__VA_ARGS__);                                                                              \
    }
WRITES(write, "write", ssize_t, count_, (int fd, const void *buffer, size_t count_), fd, buffer, count_)
WRITES(pwrite, "write", ssize_t, count_, (int fd, const void *buffer, size_t count_, off_t offset), fd, buffer, count_,
       offset)
WRITES(pwrite64, "write", ssize_t, count_, (int fd, const void *buffer, size_t count_, off64_t offset), fd, buffer,
       count_, offset)

ssize_t writev(int fd, const struct iovec *pieces, int number) {
    keep(fd);
    if (fd > 2 && fails("write", fd, NULL)) return -1;
    return REAL(writev)(fd, pieces, number);
}

#define CALLS(name, call, result, parameters, folder, path, ...)                                                     \
    result name parameters {                                                                                         \
        if (fails(call, folder, path)) return -1;                                                                    \
        return REAL(name)(__VA_ARGS__);                                                                              \
    }
CALLS(rename, "rename", int, (const char *a, const char *b), AT_FDCWD, b, a, b)
CALLS(renameat, "rename", int, (int f, const char *a, int g, const char *b), g, b, f, a, g, b)
CALLS(renameat2, "rename", int, (int f, const char *a, int g, const char *b, unsigned flags), g, b, f, a, g, b, flags)
CALLS(link, "link", int, (const char *a, const char *b), AT_FDCWD, b, a, b)
CALLS(linkat, "link", int, (int f, const char *a, int g, const char *b, int flags), g, b, f, a, g, b, flags)
CALLS(symlink, "symlink", int, (const char *a, const char *b), AT_FDCWD, b, a, b)
CALLS(unlink, "unlink", int, (const char *a), AT_FDCWD, a, a)
CALLS(unlinkat, "unlink", int, (int f, const char *a, int flags), f, a, f, a, flags)
CALLS(rmdir, "rmdir", int, (const char *a), AT_FDCWD, a, a)
CALLS(mkdir, "mkdir", int, (const char *a, mode_t mode), AT_FDCWD, a, a, mode)
CALLS(mkdirat, "mkdir", int, (int f, const char *a, mode_t mode), f, a, f, a, mode)
CALLS(chmod, "chmod", int, (const char *a, mode_t mode), AT_FDCWD, a, a, mode)
CALLS(fchmod, "chmod", int, (int f, mode_t mode), f, NULL, f, mode)
CALLS(fsetxattr, "setxattr", int, (int f, const char *n, const void *v, size_t s, int flags), f, NULL, f, n, v, s, flags)

#define CHANGES(name, parameters, ...)                                                                               \
    int name parameters {                                                                                            \
        keep(fd);                                                                                                    \
        if (fails("truncate", fd, NULL)) return -1;                                                                  \
        return REAL(name)(__VA_ARGS__);                                                                              \
    }
CHANGES(ftruncate, (int fd, off_t size), fd, size)
CHANGES(ftruncate64, (int fd, off64_t size), fd, size)
CHANGES(fallocate, (int fd, int mode, off_t offset, off_t size), fd, mode, offset, size)
CHANGES(fallocate64, (int fd, int mode, off64_t offset, off64_t size), fd, mode, offset, size)

#define SYNCS(name)                                                                                                  \
    int name(int fd) {                                                                                               \
        if (fails("sync", fd, NULL)) return -1;                                                                      \
        const int status = REAL(name)(fd);                                                                           \
        if (status == 0) forget(fd);                                                                                 \
        return status;                                                                                               \
    }
SYNCS(fsync)
SYNCS(fdatasync)

// MARK: The time of day

int clock_gettime(clockid_t clock, struct timespec *now) {
    const int status = REAL(clock_gettime)(clock, now);
    if (status != 0 || !clock_file || clock != CLOCK_REALTIME) return status;
    const int saved = errno;
    char text[32] = {0};
    const int file = (int)syscall(SYS_openat, AT_FDCWD, clock_file, O_RDONLY | O_CLOEXEC, 0);
    if (file >= 0) {
        if (syscall(SYS_read, file, text, sizeof text - 1) > 0) now->tv_sec += atol(text);
        syscall(SYS_close, file);
    }
    errno = saved;
    return status;
}
