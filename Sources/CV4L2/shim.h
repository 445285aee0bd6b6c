/// Parts of V4L2 that Swift cannot see: variadic functions, request macros, unions. Every call returns 0, or -1 with errno.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

/// Keeps libv4l2 from writing to standard error: what matters it says in errno.
static inline void cv4l2_be_quiet(void) { v4l2_log_file = fopen("/dev/null", "we"); }

/// Opens a video device (else ENOTTY) and puts libv4l2 around it; where that refuses (an idle v4l2loopback 0.12.7 without
/// exclusive_caps), not. libv4l2's other functions take such a descriptor, too.
static inline int cv4l2_open(const char *path) {
    const int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -1;
    struct v4l2_capability reply;
    if (ioctl(fd, VIDIOC_QUERYCAP, &reply) < 0) {
        const int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    v4l2_fd_open(fd, V4L2_DISABLE_CONVERSION);
    return fd;
}

/// VIDIOC_QUERYCAP: what this node can do, its driver and its card, terminated.
static inline int cv4l2_capabilities(int fd, uint32_t *capabilities, char driver[17], char card[33]) {
    struct v4l2_capability reply;
    memset(&reply, 0, sizeof reply);
    if (v4l2_ioctl(fd, VIDIOC_QUERYCAP, &reply) < 0) return -1;
    *capabilities = reply.capabilities & V4L2_CAP_DEVICE_CAPS ? reply.device_caps : reply.capabilities;
    memcpy(driver, reply.driver, 16);
    memcpy(card, reply.card, 32);
    driver[16] = card[32] = 0;
    return 0;
}

/// VIDIOC_S_FMT of the output; the values become what the device took.
static inline int cv4l2_set_format(int fd, uint32_t *width, uint32_t *height, uint32_t *fourcc, uint32_t line,
                                   uint32_t size, uint32_t colorspace) {
    struct v4l2_format format;
    memset(&format, 0, sizeof format);
    format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    format.fmt.pix.width = *width;
    format.fmt.pix.height = *height;
    format.fmt.pix.pixelformat = *fourcc;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    format.fmt.pix.bytesperline = line;
    format.fmt.pix.sizeimage = size;
    format.fmt.pix.colorspace = colorspace;
    if (v4l2_ioctl(fd, VIDIOC_S_FMT, &format) < 0) return -1;
    *width = format.fmt.pix.width;
    *height = format.fmt.pix.height;
    *fourcc = format.fmt.pix.pixelformat;
    return 0;
}

/// VIDIOC_S_PARM of the output: seconds per picture, a fraction; becomes what the device took.
static inline int cv4l2_set_period(int fd, uint32_t *numerator, uint32_t *denominator) {
    struct v4l2_streamparm parameters;
    memset(&parameters, 0, sizeof parameters);
    parameters.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    parameters.parm.output.timeperframe.numerator = *numerator;
    parameters.parm.output.timeperframe.denominator = *denominator;
    if (v4l2_ioctl(fd, VIDIOC_S_PARM, &parameters) < 0) return -1;
    *numerator = parameters.parm.output.timeperframe.numerator;
    *denominator = parameters.parm.output.timeperframe.denominator;
    return 0;
}

/// VIDIOC_STREAMON of the output.
static inline int cv4l2_stream_on(int fd) {
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    return v4l2_ioctl(fd, VIDIOC_STREAMON, &type);
}

/// Takes the lock on a device that gif2video's writers hold: EWOULDBLOCK where another has it. It goes with the descriptor.
static inline int cv4l2_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }
