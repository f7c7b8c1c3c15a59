// Which kernels this processor runs.
#include "include/CNorm.h"
#include <string.h>

extern const cnorm_kernels cnorm_any, cnorm_avx2, cnorm_avx512;

const cnorm_kernels *cnorm_named(const char *name) {
    if (strcmp(name, "any") == 0) return &cnorm_any;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &cnorm_avx2;
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return &cnorm_avx512;
#endif
    return NULL;
}

const cnorm_kernels *cnorm_best(void) {
    const char *names[] = {"avx512", "avx2"};
    for (int index = 0; index < 2; index++) {
        const cnorm_kernels *kernels = cnorm_named(names[index]);
        if (kernels) return kernels;
    }
    return &cnorm_any;
}
