#if defined(__x86_64__)
#include "Levels.h"

/// Thirty-two registers: 24 sums, up to 3 vectors of weights; values come straight from memory.
#define LANES 16
#define ACCUMULATORS 24

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#include "Level.h"
#pragma clang attribute pop

const struct ck_kernels ck_avx512 = {.name = "avx512", CK_LEVEL};
#endif
