#pragma once
#include <cblas.h>

// The library is loaded when the program runs, and only where it multiplies with it.
typedef __typeof__(cblas_sgemm) *openblas_sgemm;
