// For the foundation of AVX-512 and its extensions to vectors of 256 bits, bytes and doublewords.
#if defined(__x86_64__)
#include "kernels/system.h"
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq"))),                   \
                             apply_to = function)
#define LEVEL COMPUTE_AVX512
#define KERNELS compute_avx512
#define WIDTH 16
#define ROWS 12
#include "kernels/all.h"
#pragma clang attribute pop
#endif
