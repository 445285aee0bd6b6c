#define LANES 16
#define TABLE scalar_kernels_16
#include "Scalar.h"
