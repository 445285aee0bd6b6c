#define LANES 8
#define TABLE scalar_kernels_8
#include "Scalar.h"
