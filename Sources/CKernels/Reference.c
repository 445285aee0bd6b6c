#include "Levels.h"
#include "Layers.h"
#include "Pixels.h"

/// The level that runs everywhere: the plain loops, compiled for the baseline of the architecture.
const struct ck_kernels ck_reference = {
    .name = "reference",
    CK_LAYERS,
    CK_PIXELS,
};
