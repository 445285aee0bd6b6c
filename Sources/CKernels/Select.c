#include "Levels.h"

unsigned ck_processor(void) {
    unsigned flags = CK_BASELINE;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) flags |= CK_AVX2;
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
        {&ck_avx512, CK_AVX2 | CK_AVX512},
        {&ck_avx2, CK_AVX2},
#endif
        {&ck_baseline, CK_BASELINE},
    };
    const unsigned usable = allowed & ck_processor();
    size_t level = 0;
    while ((levels[level].needs & usable) != levels[level].needs) level++;
    return levels[level].kernels;
}

#if defined(__x86_64__)
/// Flush to zero, and subnormals are zero.
enum { SUBNORMALS = 1 << 15 | 1 << 6 };

uint64_t ck_flush_subnormals(void) {
    const unsigned mode = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(mode | SUBNORMALS);
    return mode;
}

void ck_restore_subnormals(uint64_t mode) { __builtin_ia32_ldmxcsr((unsigned)mode); }
#elif defined(__aarch64__)
/// Flush to zero.
enum { SUBNORMALS = 1 << 24 };

uint64_t ck_flush_subnormals(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | SUBNORMALS));
    return mode;
}

void ck_restore_subnormals(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#else
uint64_t ck_flush_subnormals(void) { return 0; }

void ck_restore_subnormals(uint64_t mode) { (void)mode; }
#endif
