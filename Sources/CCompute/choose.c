// Which kernels this processor runs.
#include "include/CCompute.h"

extern const compute_kernels compute_any;
#if defined(__x86_64__)
extern const compute_kernels compute_avx2, compute_avx512;
#endif

const compute_kernels *compute_at(compute_level level) {
    switch (level) {
    case COMPUTE_ANY: return &compute_any;
#if defined(__x86_64__)
    case COMPUTE_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &compute_avx2 : NULL;
    case COMPUTE_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") ? &compute_avx512 : NULL;
#endif
    default: return NULL;
    }
}

const compute_kernels *compute_best(void) {
    const compute_kernels *kernels = compute_at(COMPUTE_AVX512);
    if (!kernels) kernels = compute_at(COMPUTE_AVX2);
    return kernels ? kernels : compute_at(COMPUTE_ANY);
}
