/// Smaller maps, and back. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

static inline int within(int value, int count) { return value < 0 ? 0 : value >= count ? count - 1 : value; }

/// NaN becomes `low`.
static inline float bounded(float value, float low, float high) {
    const float above = value > low ? value : low;
    return above < high ? above : high;
}

static void shrink_by_4(const float *restrict map, int height, int width, int row, float *restrict line,
                        float *restrict target) {
    const int count = (width + 3) / 4;
    for (int x = 0; x < width; x++) line[x] = 0;
    for (int y = 4 * row; y < 4 * row + 4; y++) {
        const float *restrict source = map + (ptrdiff_t)width * within(y, height);
        for (int x = 0; x < width; x++) line[x] += source[x];
    }
    for (int x = width; x < 4 * count; x++) line[x] = line[width - 1];
    for (int x = 0; x < count; x++)
        target[x] = ((line[4 * x] + line[4 * x + 1]) + (line[4 * x + 2] + line[4 * x + 3])) / 16;
}

/// With `factor` 2 or 4, so that shares are exact.
static void enlarge(const float *restrict map, int height, int width, int factor, int row, int count,
                    float *restrict line, float *restrict target) {
    const int nearest = row / factor, place = row % factor;
    // The share of the one further away, of each place among the `factor` that have the same nearest one.
    float shares[CK_LARGEST_FACTOR];
    for (int k = 0; k < factor; k++) shares[k] = __builtin_fabsf((2 * (float)k + 1) / (2 * (float)factor) - 0.5F);
    const float far = shares[place];
    const float *restrict a = map + (ptrdiff_t)width * nearest;
    const float *restrict b = map + (ptrdiff_t)width * within(nearest + (2 * place < factor ? -1 : 1), height);
    float *restrict inner = line + 1;
    for (int x = 0; x < width; x++) inner[x] = (1 - far) * a[x] + far * b[x];
    line[0] = inner[0];
    inner[width] = inner[width - 1];
    for (int k = 0; k < factor; k++) {
        const float *restrict other = inner + (2 * k < factor ? -1 : 1);
        const int pixels = (count - k + factor - 1) / factor;
        for (int x = 0; x < pixels; x++) target[factor * x + k] = (1 - shares[k]) * inner[x] + shares[k] * other[x];
    }
}

#define CK_COARSE .shrink_by_4 = shrink_by_4, .enlarge = enlarge
