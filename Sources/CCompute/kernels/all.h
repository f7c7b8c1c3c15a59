// All kernels, written once for vectors of WIDTH floats and included once for each level, which names LEVEL, KERNELS,
// WIDTH and ROWS and sets the instructions. All functions are static, so that no level's instructions reach another.
#include "system.h"

typedef float vector __attribute__((ext_vector_type(WIDTH)));
typedef int32_t integers __attribute__((ext_vector_type(WIDTH)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE vector load(const float *p) {
    vector v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store(float *p, vector v) { memcpy(p, &v, sizeof v); }

/// The activation of a vector, and of one number; comparisons are false for NaN, which so passes.
INLINE vector activated(vector v, compute_activation activation) {
    if (activation == COMPUTE_LINEAR) return v;
    v = (vector)((integers)v & ~(v < 0.0f));
    return activation == COMPUTE_RELU6 ? (v > 6.0f ? (vector)(6.0f) : v) : v;
}
INLINE float activated1(float v, compute_activation activation) {
    if (activation == COMPUTE_LINEAR) return v;
    return v < 0 ? 0 : activation == COMPUTE_RELU6 && v > 6 ? 6 : v;
}

#include "norm.h"
#include "tiles.h"
#include "winograd.h"
#include "depthwise.h"

const compute_kernels KERNELS = {LEVEL, norm, tiles, winograd, depthwise};
