/// Pixels that are moved by a flow. Included once by the file of each instruction set, after Coarse.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

static void splat(const struct ck_splat *splat, int row, int first_column, int columns, int first_target,
                  int last_target) {
    const int width = splat->width;
    const ptrdiff_t plane = (ptrdiff_t)splat->height * width, start = (ptrdiff_t)row * width;
    const float *restrict across = splat->flow + start, *restrict down = across + plane;
    const float *restrict weights = splat->weight + start;
    float *restrict sums = splat->sums;
    for (int column = first_column; column < first_column + columns; column++) {
        // Beyond the map by so much that nothing of it arrives.
        const float x = bounded((float)column + splat->scale * across[column], -2, (float)width + 1);
        const float y = bounded((float)row + splat->scale * down[column], -2, (float)splat->height + 1);
        // Truncated from above 0, so that it is rounded down.
        const int left = (int)(x + 2) - 2, top = (int)(y + 2) - 2;
        if (top + 1 < first_target || top >= last_target) continue;
        const float weight = splat->weight_factor * weights[column];
        const float u = splat->flow_factor * across[column], v = splat->flow_factor * down[column];
        const float fx = x - (float)left, fy = y - (float)top;
        for (int dy = 0; dy < 2; dy++) {
            if (top + dy < first_target || top + dy >= last_target) continue;
            for (int dx = 0; dx < 2; dx++) {
                if (left + dx < 0 || left + dx >= width) continue;
                const float share = weight * ((dx ? fx : 1 - fx) * (dy ? fy : 1 - fy));
                float *to = sums + (ptrdiff_t)(top + dy) * width + left + dx;
                to[0] += share * u;
                to[plane] += share * v;
                to[2 * plane] += share;
            }
        }
    }
}

#define CK_SPLAT .splat = splat
