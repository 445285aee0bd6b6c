#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void clinux_set_thread_name(const char *name) {
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
    pthread_setname_np(pthread_self(), kept);
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

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

static char doomed[PATH_MAX];
static volatile sig_atomic_t has_doomed;

static void remove_and_end(int number) {
    if (has_doomed) unlink(doomed);
    // The signal is blocked in its own handler: the raised one ends the process when the handler returns.
    clinux_raise_default(number);
}

void clinux_remove_when_killed(const char *path) {
    has_doomed = 0;
    if (!path || strlen(path) >= sizeof doomed) return;
    strcpy(doomed, path);
    has_doomed = 1;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t unblocked;
    sigemptyset(&unblocked);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        // What the parent ignores for us (nohup, a shell's background job) stays ignored.
        struct sigaction old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
        struct sigaction action = {0};
        action.sa_handler = remove_and_end;
        sigaction(signals[i], &action, NULL);
        sigaddset(&unblocked, signals[i]);
    }
    // A parent may have started us with signals blocked.
    pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);
}

int clinux_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
