// Which kernels this processor runs.
#include "include/CWinograd.h"
#include <string.h>

extern const cwinograd_kernels cwinograd_any, cwinograd_avx2, cwinograd_avx512;

const cwinograd_kernels *cwinograd_named(const char *name) {
    if (strcmp(name, "any") == 0) return &cwinograd_any;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &cwinograd_avx2;
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return &cwinograd_avx512;
#endif
    return NULL;
}

const cwinograd_kernels *cwinograd_best(void) {
    const char *names[] = {"avx512", "avx2"};
    for (int index = 0; index < 2; index++) {
        const cwinograd_kernels *kernels = cwinograd_named(names[index]);
        if (kernels) return kernels;
    }
    return &cwinograd_any;
}
