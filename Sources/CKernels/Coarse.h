/// Maps of a quarter of the size, and back. Included once by the file of each instruction set.
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

static void enlarge_by_4(const float *restrict map, int height, int width, int row, int count, float *restrict line,
                         float *restrict target) {
    // The share of the one further away.
    static const float shares[4] = {0.375F, 0.125F, 0.125F, 0.375F};
    const int nearest = row / 4, place = row % 4;
    const float far = shares[place];
    const float *restrict a = map + (ptrdiff_t)width * nearest;
    const float *restrict b = map + (ptrdiff_t)width * within(nearest + (place < 2 ? -1 : 1), height);
    float *restrict inner = line + 1;
    for (int x = 0; x < width; x++) inner[x] = (1 - far) * a[x] + far * b[x];
    line[0] = inner[0];
    inner[width] = inner[width - 1];
    for (int k = 0; k < 4; k++) {
        const float *restrict other = inner + (k < 2 ? -1 : 1);
        const int pixels = (count - k + 3) / 4;
        for (int x = 0; x < pixels; x++) target[4 * x + k] = (1 - shares[k]) * inner[x] + shares[k] * other[x];
    }
}

#define CK_COARSE .shrink_by_4 = shrink_by_4, .enlarge_by_4 = enlarge_by_4
