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

#define CK_VALUES .scaled_sum = scaled_sum, .tanh = tanh_in_place, .clamp = clamp
