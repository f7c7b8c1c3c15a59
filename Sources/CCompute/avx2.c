// For AVX2 and FMA.
#if defined(__x86_64__)
#include "kernels/system.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LEVEL COMPUTE_AVX2
#define KERNELS compute_avx2
#define WIDTH 8
#define ROWS 6
#include "kernels/all.h"
#pragma clang attribute pop
#endif
