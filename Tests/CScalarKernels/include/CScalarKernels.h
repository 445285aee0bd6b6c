#pragma once
#include "CKernels.h"

/// The kernels of CKernels once more, as their comments describe them: one value at a time, without vectors, blocks or
/// shortcuts. For the tests, which compare every level with them.
///
/// - Parameter lanes: channels in a channel block of a map: 4, 8 or 16.
/// - Returns: the table; null for any other number. Lives forever.
const struct ck_kernels *scalar_kernels(int lanes);

/// Fills memory with random values between `low` and `high`, which follow from the seed alone. In C, as a debug build of the
/// tests would take minutes.
void scalar_random(uint64_t seed, float low, float high, float *values, ptrdiff_t count);

/// The largest difference between two lists; infinite where one holds a NaN. Values with the same bits are equal.
float scalar_largest_error(const float *a, const float *b, ptrdiff_t count);
