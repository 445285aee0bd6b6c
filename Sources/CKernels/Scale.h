/// Scaling of pictures, by rows and by columns. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

static void premultiply(const uint8_t *restrict pixels, ptrdiff_t count, float *restrict row) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float share = (float)pixels[4 * i + 3] / 255;
        row[4 * i] = (float)pixels[4 * i] * share;
        row[4 * i + 1] = (float)pixels[4 * i + 1] * share;
        row[4 * i + 2] = (float)pixels[4 * i + 2] * share;
        row[4 * i + 3] = 255 * share;
    }
}

/// The four values of a pixel.
typedef float pixel __attribute__((vector_size(16)));

static void mix_columns(const float *restrict row, int taps, const int32_t *restrict first,
                        const float *restrict weights, ptrdiff_t count, float *restrict target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        pixel sum = {0}, value;
        for (int k = 0; k < taps; k++) {
            __builtin_memcpy(&value, row + 4 * (first[i] + k), sizeof value);
            sum += value * weights[i * taps + k];
        }
        __builtin_memcpy(target + 4 * i, &sum, sizeof sum);
    }
}

static void mix_rows(const float *restrict rows, ptrdiff_t stride, int taps, const float *restrict weights,
                     ptrdiff_t count, uint8_t *restrict pixels) {
    enum { PIXELS = 32 };
    for (ptrdiff_t start = 0; start < count; start += PIXELS) {
        const int size = (int)(count - start < PIXELS ? count - start : PIXELS);
        float sums[4 * PIXELS] = {0};
        for (int k = 0; k < taps; k++) {
            const float *restrict row = rows + stride * k + 4 * start;
            const float weight = weights[k];
            for (int i = 0; i < 4 * size; i++) sums[i] += row[i] * weight;
        }
        uint8_t *restrict target = pixels + 4 * start;
        for (int i = 0; i < size; i++) {
            const float alpha = sums[4 * i + 3] > 0 ? sums[4 * i + 3] < 255 ? sums[4 * i + 3] : 255 : 0;
            const float gain = alpha > 0 ? 255 / alpha : 0;
            for (int c = 0; c < 3; c++) {
                const float color = sums[4 * i + c] * gain;
                target[4 * i + c] = (uint8_t)((color > 0 ? color < 255 ? color : 255 : 0) + 0.5f);
            }
            target[4 * i + 3] = (uint8_t)(alpha + 0.5f);
        }
    }
}

#define CK_SCALE .premultiply = premultiply, .mix_columns = mix_columns, .mix_rows = mix_rows
