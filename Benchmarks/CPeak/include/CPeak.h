#pragma once
#include <stdint.h>

/// Multiplies and adds in registers, as many independent sums as it takes to keep the processor busy.
/// Returns the floating-point operations done (a multiplication and an addition are two), 0 where the processor lacks
/// the instructions.
double peak_avx2(int64_t rounds);
double peak_avx512(int64_t rounds);
