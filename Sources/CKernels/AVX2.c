#if defined(__x86_64__)
#include "Levels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Layers.h"
#include "Pixels.h"
#pragma clang attribute pop

/// The same loops, vectorised by the compiler for eight floats.
const struct ck_kernels ck_avx2 = {
    .name = "avx2",
    CK_LAYERS,
    CK_PIXELS,
};
#endif
