/// Preloaded (LD_PRELOAD) into a program that writes to a camera through libv4l2: any regular file is an output device then.
/// While the file is there it takes pictures; when it has gone writes fail with ENODEV.
///
/// FAKE_CAMERA_LOG: a file that gets a line for each call: "open", "refused", "caps", "format 640x480 YUYV", "rate 30/1",
/// "on", "picture TIME HASH" (nanoseconds of CLOCK_MONOTONIC, FNV-1a of the bytes), "close".
/// FAKE_CAMERA_PICTURES: one that gets the pictures themselves. FAKE_CAMERA_REFUSES=1: v4l2_fd_open fails with EINVAL,
/// as libv4l2's does on an idle v4l2loopback 0.12.7 without exclusive_caps.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

FILE *v4l2_log_file;

static int output(const char *variable, int *known) {
    if (*known == 0) {
        const char *path = getenv(variable);
        *known = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    }
    return *known;
}

static void say(const char *format, ...) {
    static int file;
    char line[160];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (output("FAKE_CAMERA_LOG", &file) > 0 && write(file, line, (size_t)length) < 0) abort();
}

int v4l2_fd_open(int fd, int flags) {
    (void)flags;
    if (getenv("FAKE_CAMERA_REFUSES")) {
        say("refused\n");
        errno = EINVAL;
        return -1;
    }
    say("open\n");
    return fd;
}

int v4l2_close(int fd) {
    say("close\n");
    return close(fd);
}

static int answer(unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *reply = argument;
        strcpy((char *)reply->driver, "v4l2 loopback");
        strcpy((char *)reply->card, "Fake");
        reply->device_caps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_READWRITE | V4L2_CAP_STREAMING;
        reply->capabilities = reply->device_caps | V4L2_CAP_DEVICE_CAPS;
        say("caps\n");
        return 0;
    }
    case VIDIOC_S_FMT: {
        const struct v4l2_pix_format *picture = &((struct v4l2_format *)argument)->fmt.pix;
        say("format %ux%u %.4s\n", picture->width, picture->height, (const char *)&picture->pixelformat);
        return 0;
    }
    case VIDIOC_S_PARM: {
        const struct v4l2_fract *period = &((struct v4l2_streamparm *)argument)->parm.output.timeperframe;
        say("rate %u/%u\n", period->denominator, period->numerator);
        return 0;
    }
    case VIDIOC_STREAMON: say("on\n"); return 0;
    default: errno = ENOTTY; return -1;
    }
}

int v4l2_ioctl(int fd, unsigned long request, ...) {
    (void)fd;
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return answer(request, argument);
}

/// Calls that do not go through libv4l2: video's requests have the letter V.
int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return _IOC_TYPE(request) == 'V' ? answer(request, argument) : (int)syscall(SYS_ioctl, fd, request, argument);
}

ssize_t v4l2_write(int fd, const void *bytes, size_t count) {
    static int file;
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_nlink == 0) {
        errno = ENODEV;
        return -1;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    say("picture %lld %016llx\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec, (unsigned long long)hash);
    if (output("FAKE_CAMERA_PICTURES", &file) > 0 && write(file, bytes, count) < 0) abort();
    return (ssize_t)count;
}
