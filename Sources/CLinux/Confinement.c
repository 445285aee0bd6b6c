// The rights that a child process does without. They belong to a thread, and to all that this thread starts.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CLinux.h"

// Newer than the headers of Debian 12.
enum { FS_TRUNCATE = 1 << 14, NET_BIND_TCP = 1, NET_CONNECT_TCP = 2, SCOPE_ABSTRACT_SOCKETS = 1, SCOPE_SIGNALS = 2 };

struct ruleset {
    uint64_t files, network, scopes;
};

#if defined(__x86_64__)
static const uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
static const uint32_t architecture;
#endif

/// The version of Landlock; below 1: there is none.
static long landlock_version(void) {
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static bool has_seccomp(void) {
    const uint32_t action = SECCOMP_RET_ERRNO;
    return architecture && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int clinux_confinement(void) {
    return (landlock_version() >= 1 ? CLINUX_LANDLOCK : 0) | (has_seccomp() ? CLINUX_SECCOMP : 0);
}

static int allow(int rules, int place, uint64_t rights) {
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = place};
    return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/// Devices that encoders write to: nothing, and graphics cards. Those that are not there are passed over.
static int allow_devices(int rules, uint64_t rights) {
    static const char *const devices[] = {
        "/dev/null", "/dev/dri", "/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
    };
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        const int device = open(devices[i], O_PATH | O_CLOEXEC);
        if (device < 0) {
            // A shortage is no reason to go without /dev/null: it would be refused to the program that is started.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) return -1;
            continue;
        }
        const int status = allow(rules, device, rights);
        close(device);
        if (status != 0) return -1;
    }
    return 0;
}

/// Only `folder` can be written to from now on, and no process outside can be traced or signaled.
static int confine_files(int folder, long version) {
    const uint64_t on_files = LANDLOCK_ACCESS_FS_WRITE_FILE | (version >= 3 ? FS_TRUNCATE : 0);
    const uint64_t plain = on_files | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE
        | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO
        | LANDLOCK_ACCESS_FS_MAKE_SYM | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0);
    const struct ruleset handled = {
        .files = plain | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK,
        .network = NET_BIND_TCP | NET_CONNECT_TCP,
        .scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS,
    };
    const size_t size = version >= 6 ? sizeof handled
        : version >= 4 ? offsetof(struct ruleset, scopes) : offsetof(struct ruleset, network);
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (rules < 0) return -1;
    int status = allow(rules, folder, plain);
    if (status == 0) status = allow_devices(rules, on_files);
    if (status == 0) status = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    const int code = errno;
    close(rules);
    errno = code;
    return status;
}

#define NUMBER_IS(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1)
#define FAIL(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/// No sockets, not by another architecture's calls either, and no hand on other processes.
static int confine_calls(void) {
    struct sock_filter filter[] = {
        LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0), FAIL(EPERM), LOAD(nr),
        // The calls of x32.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), FAIL(EPERM),
        NUMBER_IS(SYS_socket), FAIL(EACCES),
        NUMBER_IS(SYS_io_uring_setup), FAIL(ENOSYS),
        NUMBER_IS(SYS_ptrace), FAIL(EPERM),
        NUMBER_IS(SYS_process_vm_readv), FAIL(EPERM),
        NUMBER_IS(SYS_process_vm_writev), FAIL(EPERM),
        NUMBER_IS(SYS_pidfd_getfd), FAIL(EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int clinux_confine_thread(int folder) {
    const long version = landlock_version();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    if (version >= 1 && confine_files(folder, version) != 0) return -1;
    return has_seccomp() ? confine_calls() : 0;
}
