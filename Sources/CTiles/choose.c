// Which kernels this processor runs.
#include "include/CTiles.h"
#include <string.h>

extern const ctiles_kernels ctiles_any, ctiles_avx2, ctiles_avx512;

const ctiles_kernels *ctiles_named(const char *name) {
    if (strcmp(name, "any") == 0) return &ctiles_any;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ctiles_avx2;
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return &ctiles_avx512;
#endif
    return NULL;
}

const ctiles_kernels *ctiles_best(void) {
    const char *names[] = {"avx512", "avx2"};
    for (int index = 0; index < 2; index++) {
        const ctiles_kernels *kernels = ctiles_named(names[index]);
        if (kernels) return kernels;
    }
    return &ctiles_any;
}
