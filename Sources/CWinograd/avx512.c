// For the foundation of AVX-512.
#if defined(__x86_64__)
#include "include/CWinograd.h"
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq"))), apply_to = function)
#define NAME "avx512"
#define KERNELS cwinograd_avx512
#define WIDTH 16
#include "kernels.h"
#pragma clang attribute pop
#endif
