#include "Levels.h"

/// The vectors that every processor of the architecture has: SSE2, NEON.
#define LANES 4
#if defined(__aarch64__)
#define ACCUMULATORS 24
#else
#define ACCUMULATORS 12
#endif

#include "Level.h"

/// The level that runs everywhere.
const struct ck_kernels ck_baseline = {.name = "baseline", CK_LEVEL};
