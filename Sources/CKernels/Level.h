/// All kernels for one instruction set, in the order in which they need each other. The file that includes it has set
/// LANES, ACCUMULATORS and the instruction set.
#pragma once
#include "Coarse.h"
#include "Convolution.h"
#include "Maps.h"
#include "Pixels.h"
#include "Scale.h"
#include "Search.h"
#include "Splat.h"
#include "Still.h"
#include "Temporal.h"
#include "Values.h"
#include "Weights.h"

#define CK_LEVEL CK_MAPS, CK_COARSE, CK_CONVOLUTION, CK_PIXELS, CK_SCALE, CK_SEARCH, CK_SPLAT, CK_STILL_PIXELS, CK_TEMPORAL, CK_VALUES, CK_WEIGHTS
