/// The temporal filter of one row of a picture. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

static void mean_difference(const float *restrict a, const float *restrict b, ptrdiff_t plane, ptrdiff_t count,
                            float *restrict mean) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float red = __builtin_fabsf(a[i] - b[i]);
        const float green = __builtin_fabsf(a[i + plane] - b[i + plane]);
        const float blue = __builtin_fabsf(a[i + 2 * plane] - b[i + 2 * plane]);
        mean[i] = (red + green + blue) / 3;
    }
}

static void window_means(const float *restrict map, int height, int width, int row, int reach, float *restrict columns,
                         float *restrict means) {
    float *restrict inner = columns + reach;
    for (int x = 0; x < width; x++) inner[x] = 0;
    for (int y = row - reach; y <= row + reach; y++) {
        const float *restrict line = map + (ptrdiff_t)width * (y < 0 ? 0 : y >= height ? height - 1 : y);
        for (int x = 0; x < width; x++) inner[x] += line[x];
    }
    for (int x = 0; x < reach; x++) {
        columns[x] = inner[0];
        inner[width + x] = inner[width - 1];
    }
    const int side = 2 * reach + 1;
    const float area = (float)(side * side);
    for (int x = 0; x < width; x++) means[x] = 0;
    for (int column = 0; column < side; column++)
        for (int x = 0; x < width; x++) means[x] += columns[x + column];
    for (int x = 0; x < width; x++) means[x] /= area;
}

static void stay_near(const float *restrict estimate, const float *restrict gif, const float *restrict before,
                      const float *restrict shown, const float *restrict change, const float *restrict error,
                      const struct ck_stay *how, ptrdiff_t count, float *restrict target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float own = estimate[i], q = error[i], bound = how->scale * q;
        const float ratio = change[i] / (bound > 1e-30f ? bound : 1e-30f);
        const float apart = 1 - ratio * ratio / 4;
        const float near = apart > 0 ? apart : 0;
        const float smoothed = own - bounded(how->strength * (near * near) * (near * near) * (own - shown[i]), -q, q);
        const float held = bounded(shown[i], own - q, own + q);
        const float moves = bounded(__builtin_fabsf(own - before[i]) / how->same - 1, 0, 1);
        const float kept = held + moves * (smoothed - held);
        const float inexact = bounded(__builtin_fabsf(own - gif[i]) / how->same - 1, 0, 1);
        const float mixed = own + inexact * (kept - own);
        // To the bit: what rounding or a share of the estimate does in every frame adds up.
        target[i] = moves == 0 && inexact > 0 ? held : mixed;
    }
}

#define CK_TEMPORAL .mean_difference = mean_difference, .window_means = window_means, .stay_near = stay_near
