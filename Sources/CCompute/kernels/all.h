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

#include "norm.h"
#include "tiles.h"
#include "winograd.h"

const compute_kernels KERNELS = {LEVEL, norm, tiles, winograd};
