#define LANES 4
#define TABLE scalar_kernels_4
#include "Scalar.h"
