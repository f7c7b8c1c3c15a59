// For AVX2 and FMA.
#if defined(__x86_64__)
#include "include/CWinograd.h"
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME "avx2"
#define KERNELS cwinograd_avx2
#define WIDTH 8
#include "kernels.h"
#pragma clang attribute pop
#endif
