#if defined(__x86_64__)
#include "Levels.h"

/// Sixteen registers: 12 sums, up to 3 vectors of weights, one value.
#define LANES 8
#define ACCUMULATORS 12

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "Level.h"
#pragma clang attribute pop

const struct ck_kernels ck_avx2 = {.name = "avx2", CK_LEVEL};
#endif
