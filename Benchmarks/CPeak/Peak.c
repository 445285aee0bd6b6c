#include "CPeak.h"

#if defined(__x86_64__)
typedef float vector8 __attribute__((ext_vector_type(8)));
typedef float vector16 __attribute__((ext_vector_type(16)));

#define SUMS 12
/// `rounds` times SUMS products, kept from being folded by an assembly statement that might change each sum.
#define PEAK(name, vector, lanes, instructions, supported)                                                             \
    __attribute__((target(instructions))) static void name##_sums(int64_t rounds) {                                    \
        vector sums[SUMS];                                                                                             \
        for (int i = 0; i < SUMS; i++) sums[i] = (float)i;                                                             \
        const vector factor = 0.999f, term = 0.01f;                                                                    \
        for (int64_t round = 0; round < rounds; round++) {                                                             \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) {                                        \
                sums[i] = sums[i] * factor + term;                                                                     \
                __asm__ volatile("" : "+v"(sums[i]));                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    double name(int64_t rounds) {                                                                                      \
        if (!(supported)) return 0;                                                                                    \
        name##_sums(rounds);                                                                                           \
        return (double)rounds * SUMS * lanes * 2;                                                                      \
    }

PEAK(peak_avx2, vector8, 8, "avx2,fma", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
PEAK(peak_avx512, vector16, 16, "avx512f", __builtin_cpu_supports("avx512f"))
#else
double peak_avx2(int64_t rounds) { return 0 * (double)rounds; }
double peak_avx512(int64_t rounds) { return 0 * (double)rounds; }
#endif
