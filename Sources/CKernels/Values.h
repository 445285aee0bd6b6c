/// Value by value, wherever it lies: plain loops. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

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

/// Vectors anywhere in memory, as whole numbers: bits.
typedef int32_t bits __attribute__((ext_vector_type(LANES), aligned(4)));

/// Whether any bit of two times four vectors differs.
static inline int differ(const float *a, const float *b) {
    const bits *x = (const bits *)a, *y = (const bits *)b;
    return __builtin_reduce_or((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) != 0;
}

static ptrdiff_t difference(const float *a, const float *b, ptrdiff_t count, ptrdiff_t *first) {
    const ptrdiff_t piece = 4 * LANES;
    const int32_t *x = (const int32_t *)a, *y = (const int32_t *)b;
    ptrdiff_t low = 0, high = count;
    while (low + piece <= count && !differ(a + low, b + low)) low += piece;
    while (low < count && x[low] == y[low]) low++;
    while (high - piece >= low && !differ(a + high - piece, b + high - piece)) high -= piece;
    while (high > low && x[high - 1] == y[high - 1]) high--;
    *first = low;
    return high - low;
}

static void to_shorts(const float *restrict values, float scale, ptrdiff_t count, int16_t *restrict target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float value = values[i] * scale;
        value = value > -32767 ? value : -32767;
        value = value < 32767 ? value : 32767;
        target[i] = (int16_t)(value + (value < 0 ? -0.5f : 0.5f));
    }
}

static void from_shorts(const int16_t *restrict values, float scale, ptrdiff_t count, float *restrict target) {
    for (ptrdiff_t i = 0; i < count; i++) target[i] = (float)values[i] * scale;
}

#define CK_VALUES                                                                                                      \
    .scaled_sum = scaled_sum, .tanh = tanh_in_place, .clamp = clamp, .difference = difference,                         \
    .to_shorts = to_shorts, .from_shorts = from_shorts
