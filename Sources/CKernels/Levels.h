#pragma once
#include "CKernels.h"

/// The tables, one per instruction set; each is a file of its own.
extern const struct ck_kernels ck_baseline;
#if defined(__x86_64__)
extern const struct ck_kernels ck_avx2, ck_avx512;
#endif
