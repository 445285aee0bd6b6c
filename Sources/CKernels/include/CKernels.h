#pragma once
#include <stddef.h>
#include <stdint.h>

/// The inner loops of the networks and of the pixel work around them.
///
/// Every kernel works on planar float32: a map of C channels is C planes of height * width floats, one after the
/// other, rows without gaps. No kernel allocates, keeps state or checks its arguments: Inference does. All levels of
/// the table give bit-equal results: they are one source compiled for several instruction sets, without contraction
/// of multiplications and additions.

/// The colors of one palette: `rgb` holds count * 3 floats (R, G, B, R, ...) in [-1, 1].
struct ck_palette {
    const float *rgb;
    int32_t count;
};

/// Flags of `ck_select` and `ck_processor`: what the kernels of a level need of the processor.
enum {
    CK_REFERENCE = 0,
    CK_AVX2 = 1 << 0,
    /// F, BW, DQ and VL. No kernel of this table needs it yet; other libraries' kernels are picked by it.
    CK_AVX512 = 1 << 1,
};

struct ck_kernels {
    /// The level's name, as the environment variable spells it.
    const char *name;

    /// Unfolds patches for a convolution with `size` x `size` weights, padding size / 2 (zeros) and `stride`.
    /// `columns` is a matrix [channels * size * size, count]: row (channel * size + ky) * size + kx, and a column for
    /// each of the output pixels first ..< first + count, counted row by row.
    void (*im2col)(const float *source, int channels, int height, int width, int size, int stride, ptrdiff_t first,
                   ptrdiff_t count, float *columns);

    /// In place: v + bias[channel], then LeakyReLU with `slope` (0: ReLU, 1: none). `count` values of each channel,
    /// channels `channel_stride` floats apart.
    void (*bias_leaky_relu)(float *values, ptrdiff_t channel_stride, int channels, ptrdiff_t count, const float *bias,
                            float slope);

    /// Means of 2 x 2 pixels of one plane, to height / 2 x width / 2 (rounded down).
    void (*average_pool)(const float *source, int height, int width, float *target);

    /// One plane twice as large, bilinear, corners aligned. Rows of the target are `target_width` >= 2 * width floats
    /// apart; what lies beyond 2 * width or 2 * height is not written.
    void (*upsample_bilinear)(const float *source, int height, int width, float *target, int target_width);

    /// Adds each pixel of one plane to the 2 x 2 pixels it covers in the target, a plane of 2 * height x 2 * width.
    void (*upsample_nearest_add)(const float *source, int height, int width, float *target);

    /// One plane of height x width to four of target_height x target_width: target plane 2 * dy + dx holds the pixels
    /// (2 y + dy, 2 x + dx). The source is continued to the right and below by its edge.
    void (*pixel_unshuffle)(const float *source, int height, int width, float *target, int target_height,
                            int target_width);

    /// The inverse: four planes of height x width, `source_stride` floats apart, plus `bias`, to one plane; of its
    /// 2 * height x 2 * width pixels those inside target_height x target_width are written.
    void (*pixel_shuffle)(const float *source, ptrdiff_t source_stride, int height, int width, float bias,
                          float *target, int target_height, int target_width);

    /// target = a * x + b * y. The target may be x or y.
    void (*scaled_sum)(float a, const float *x, float b, const float *y, float *target, ptrdiff_t count);

    /// In place; within 4e-7 of tanh.
    void (*tanh)(float *values, ptrdiff_t count);

    /// In place; NaN becomes `low`.
    void (*clamp)(float *values, float low, float high, ptrdiff_t count);

    /// Samples each of `channels` planes at (x + scale * flow_x, y + scale * flow_y), bilinear, clamped to the border,
    /// for the output rows first_row ..< first_row + rows. `flow` is two planes, x then y.
    void (*backwarp)(const float *source, int channels, int height, int width, const float *flow, float scale,
                     int first_row, int rows, float *target);

    /// fC (section 4.1): target = the color of palettes[ids[i]] nearest to the pixel by L2 in RGB; the lower index
    /// wins a tie. A pixel whose palette is empty is copied. Planes of both are `plane` floats apart.
    void (*nearest_color)(const float *image, ptrdiff_t plane, ptrdiff_t count, const uint16_t *ids,
                          const struct ck_palette *palettes, float *target);

    /// In place: pulls each pixel of `image` towards its pixel in `gif` until it lies in the Voronoi cell of that
    /// color within palettes[ids[i]]. All planes are `plane` floats apart.
    void (*project_to_cell)(float *image, const float *gif, ptrdiff_t plane, ptrdiff_t count, const uint16_t *ids,
                            const struct ck_palette *palettes);

    /// SuperSlomo's synthesis: with v = (visibility + 1) / 2, w0 = (1 - t) v, w1 = t (1 - v),
    /// target = (w0 * warped0 + w1 * warped1) / (w0 + w1 + 1e-8) for 3 planes, `plane` floats apart.
    void (*synthesize)(const float *warped0, const float *warped1, const float *visibility, float t, ptrdiff_t plane,
                       ptrdiff_t count, float *target);

    /// R, G, B, A bytes to three planes in [-1, 1]: x / 127.5 - 1. Alpha is dropped.
    void (*rgba_to_planar)(const uint8_t *pixels, ptrdiff_t count, float *target, ptrdiff_t plane);

    /// Three planes to the R, G, B of R, G, B, A bytes: (x + 1) * 127.5, clamped, to the nearest. Alpha stays.
    void (*planar_to_rgba)(const float *source, ptrdiff_t plane, ptrdiff_t count, uint8_t *pixels);
};

/// What this processor offers: a set of CK_ flags.
unsigned ck_processor(void);

/// The best table whose needs are a subset of both `allowed` and this processor's flags. Never null; lives forever.
const struct ck_kernels *ck_select(unsigned allowed);
