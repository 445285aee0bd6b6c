/// The networks' layers around the GEMM: plain loops. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static void im2col(const float *source, int channels, int height, int width, int size, int stride, ptrdiff_t first,
                   ptrdiff_t count, float *columns) {
    const int pad = size / 2;
    const int output_width = (width + 2 * pad - size) / stride + 1;
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    for (int channel = 0; channel < channels; channel++) {
        for (int ky = 0; ky < size; ky++) {
            for (int kx = 0; kx < size; kx++) {
                // A row of `columns` is made of one segment for each output row that the range touches.
                int row = (int)(first / output_width), begin = (int)(first % output_width);
                for (ptrdiff_t done = 0; done < count; row++, begin = 0) {
                    const int end = count - done < output_width - begin ? begin + (int)(count - done) : output_width;
                    float *target = columns + done - begin;
                    done += end - begin;
                    const int y = row * stride + ky - pad;
                    if (y < 0 || y >= height) {
                        memset(target + begin, 0, (size_t)(end - begin) * sizeof(float));
                        continue;
                    }
                    const float *line = source + channel * plane + (ptrdiff_t)y * width;
                    const int shift = kx - pad;
                    // Output columns low ..< high read inside the line: 0 <= x * stride + shift < width.
                    int low = shift < 0 ? (-shift + stride - 1) / stride : 0;
                    int high = width > shift ? (width - shift - 1) / stride + 1 : 0;
                    low = low < begin ? begin : low > end ? end : low;
                    high = high > end ? end : high < low ? low : high;
                    for (int x = begin; x < low; x++) target[x] = 0;
                    if (stride == 1) {
                        memcpy(target + low, line + low + shift, (size_t)(high - low) * sizeof(float));
                    } else {
                        for (int x = low; x < high; x++) target[x] = line[x * stride + shift];
                    }
                    for (int x = high; x < end; x++) target[x] = 0;
                }
                columns += count;
            }
        }
    }
}

static void bias_leaky_relu(float *values, ptrdiff_t channel_stride, int channels, ptrdiff_t count, const float *bias,
                            float slope) {
    for (int channel = 0; channel < channels; channel++) {
        float *line = values + channel * channel_stride;
        const float offset = bias[channel];
        for (ptrdiff_t i = 0; i < count; i++) {
            const float value = line[i] + offset;
            line[i] = value > 0 ? value : value * slope;
        }
    }
}

static void average_pool(const float *restrict source, int height, int width, float *restrict target) {
    for (int y = 0; y < height / 2; y++) {
        const float *upper = source + (ptrdiff_t)2 * y * width;
        const float *lower = upper + width;
        for (int x = 0; x < width / 2; x++) {
            *target++ = (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) * 0.25f;
        }
    }
}

static void upsample_bilinear(const float *restrict source, int height, int width, float *restrict target,
                              int target_width) {
    const float scale_y = (float)(height - 1) / (float)(2 * height - 1);
    const float scale_x = (float)(width - 1) / (float)(2 * width - 1);
    for (int y = 0; y < 2 * height; y++) {
        const float position_y = scale_y * (float)y;
        const int top = (int)position_y;
        const float down = position_y - (float)top;
        const float *upper = source + (ptrdiff_t)top * width;
        const float *lower = top < height - 1 ? upper + width : upper;
        float *line = target + (ptrdiff_t)y * target_width;
        for (int x = 0; x < 2 * width; x++) {
            const float position_x = scale_x * (float)x;
            const int left = (int)position_x;
            const float across = position_x - (float)left;
            const int right = left < width - 1 ? left + 1 : left;
            line[x] = (1 - down) * ((1 - across) * upper[left] + across * upper[right]) +
                      down * ((1 - across) * lower[left] + across * lower[right]);
        }
    }
}

static void upsample_nearest_add(const float *restrict source, int height, int width, float *restrict target) {
    for (int y = 0; y < 2 * height; y++) {
        const float *line = source + (ptrdiff_t)(y / 2) * width;
        float *sum = target + (ptrdiff_t)y * 2 * width;
        for (int x = 0; x < width; x++) {
            sum[2 * x] += line[x];
            sum[2 * x + 1] += line[x];
        }
    }
}

static void pixel_unshuffle(const float *restrict source, int height, int width, float *restrict target,
                            int target_height, int target_width) {
    const int inside = width / 2;
    for (int part = 0; part < 4; part++) {
        const int dy = part / 2, dx = part % 2;
        for (int y = 0; y < target_height; y++, target += target_width) {
            const int row = 2 * y + dy < height ? 2 * y + dy : height - 1;
            const float *line = source + (ptrdiff_t)row * width;
            for (int x = 0; x < inside; x++) target[x] = line[2 * x + dx];
            for (int x = inside; x < target_width; x++) {
                target[x] = line[2 * x + dx < width ? 2 * x + dx : width - 1];
            }
        }
    }
}

static void pixel_shuffle(const float *restrict source, ptrdiff_t source_stride, int height, int width, float bias,
                          float *restrict target, int target_height, int target_width) {
    const int rows = 2 * height < target_height ? 2 * height : target_height;
    const int pairs = width < target_width / 2 ? width : target_width / 2;
    for (int y = 0; y < rows; y++) {
        const float *even = source + (y % 2) * 2 * source_stride + (ptrdiff_t)(y / 2) * width;
        const float *odd = even + source_stride;
        float *line = target + (ptrdiff_t)y * target_width;
        for (int x = 0; x < pairs; x++) {
            line[2 * x] = even[x] + bias;
            line[2 * x + 1] = odd[x] + bias;
        }
        if (pairs < width && 2 * pairs < target_width) line[2 * pairs] = even[pairs] + bias;
    }
}

static void scaled_sum(float a, const float *x, float b, const float *y, float *target, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) target[i] = a * x[i] + b * y[i];
}

/// tanh as a ratio of odd and even polynomials on [-7.9, 7.9], where it is 1 to the last bit (Eigen's coefficients).
static inline float tanh_ratio(float x) {
    const float limit = 7.90531110763549805f;
    x = x > limit ? limit : x;
    x = x < -limit ? -limit : x;
    const float s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

static void tanh_in_place(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = tanh_ratio(values[i]);
}

static void clamp(float *values, float low, float high, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float value = values[i] > low ? values[i] : low;
        values[i] = value < high ? value : high;
    }
}

#define CK_LAYERS                                                                                                      \
    .im2col = im2col, .bias_leaky_relu = bias_leaky_relu, .average_pool = average_pool,                                \
    .upsample_bilinear = upsample_bilinear, .upsample_nearest_add = upsample_nearest_add,                              \
    .pixel_unshuffle = pixel_unshuffle, .pixel_shuffle = pixel_shuffle, .scaled_sum = scaled_sum,                      \
    .tanh = tanh_in_place, .clamp = clamp
