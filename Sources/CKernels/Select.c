#include "Levels.h"

unsigned ck_processor(void) {
    unsigned flags = CK_REFERENCE;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) flags |= CK_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        flags |= CK_AVX512;
#endif
    return flags;
}

const struct ck_kernels *ck_select(unsigned allowed) {
    const struct {
        const struct ck_kernels *kernels;
        unsigned needs;
    } levels[] = {
#if defined(__x86_64__)
        {&ck_avx2, CK_AVX2},
#endif
        {&ck_reference, CK_REFERENCE},
    };
    const unsigned usable = allowed & ck_processor();
    size_t level = 0;
    while ((levels[level].needs & usable) != levels[level].needs) level++;
    return levels[level].kernels;
}
