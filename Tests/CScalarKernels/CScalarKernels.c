#include "CScalarKernels.h"
#include <math.h>
#include <string.h>

extern const struct ck_kernels scalar_kernels_4, scalar_kernels_8, scalar_kernels_16;

const struct ck_kernels *scalar_kernels(int lanes) {
    switch (lanes) {
    case 4: return &scalar_kernels_4;
    case 8: return &scalar_kernels_8;
    case 16: return &scalar_kernels_16;
    default: return 0;
    }
}

void scalar_random(uint64_t seed, float low, float high, float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        // SplitMix64.
        uint64_t z = seed += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        values[i] = low + (high - low) * (float)((z ^ (z >> 31)) >> 40) / (1 << 24);
    }
}

float scalar_largest_error(const float *a, const float *b, ptrdiff_t count) {
    float largest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        if (memcmp(a + i, b + i, sizeof *a) == 0) continue;
        const float error = fabsf(a[i] - b[i]);
        if (isnan(error)) return INFINITY;
        if (error > largest) largest = error;
    }
    return largest;
}
