/// What Glibc hides from Swift: names behind _GNU_SOURCE, variadic functions and function-like macros.
#pragma once

#include <signal.h>

/// Names the calling thread (at most 15 bytes are kept), for ps, top, gdb and perf.
void clinux_set_thread_name(const char *name);

/// A pipe, [read end, write end], both closed in children from the start; returns 0, or -1 with errno.
int clinux_pipe(int ends[2]);

/// Installs SIG_IGN for a signal; returns 0, or -1 with errno.
int clinux_ignore_signal(int signal);

/// Raises a signal with its default action, which for most signals does not return.
void clinux_raise_default(int signal);

/// From now on SIGINT, SIGTERM and SIGHUP first remove the file at `path`, then end the process as they always do.
/// NULL: nothing to remove. Signals that were ignored stay ignored. One path at a time; longer than PATH_MAX is ignored. Call from one thread.
void clinux_remove_when_killed(const char *path);

/// The terminal's width in columns behind `fd`, or 0 when it is no terminal.
int clinux_terminal_columns(int fd);
