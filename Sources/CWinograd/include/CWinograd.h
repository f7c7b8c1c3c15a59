// 3x3 convolutions by a quarter of the multiplications: Winograd's F(4x4, 3x3) as in Lavin & Gray 2016 (arXiv 1509.09308).
//
// With tiles d of 6x6 inputs, filters g, tiles y of 4x4 outputs: y = A^T [(G g G^T) (B^T d B)] A, products element by element and
// summed over channels, so that each of the 36 elements is a product of matrices. The channels lie innermost everywhere.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Elements of a transformed tile, and the outputs along a side.
enum { CWINOGRAD_ELEMENTS = 36, CWINOGRAD_SIDE = 4 };

/// Pictures `[images][height][width][channels]`; tiles are counted along rows, then columns, then images.
typedef struct {
    intptr_t images, height, width, channels;
} cwinograd_pictures;

/// What becomes of outputs on their way to memory, each unless it is NULL or 0: plus a number for each channel, plus what lies in
/// the same place of `shortcut`, then `max(0, .)`.
typedef struct {
    const float *bias, *shortcut;
    int relu;
} cwinograd_finish;

/// One processor's transforms; channels in whole groups of 16.
typedef struct {
    /// `avx512`, `avx2` or `any`.
    const char *name;
    /// B^T d B of some tiles, the pictures bordered by zeros: `to[element * apart + tile * channels + channel]`.
    void (*input)(const float *x, cwinograd_pictures pictures, intptr_t first, intptr_t count, float *to, intptr_t apart);
    /// A^T m A of some tiles of `from[element * apart + tile * row + channel]`.
    void (*output)(const float *from, intptr_t apart, intptr_t row, cwinograd_pictures pictures, intptr_t first,
                   intptr_t count, cwinograd_finish finish, float *y);
    /// A dy A^T of some tiles, in panels of `columns` channels: `to[element * apart + (panel * tiles + tile) * columns + place]`,
    /// `tile` counted from `offset`.
    void (*slopes)(const float *dy, cwinograd_pictures pictures, intptr_t first, intptr_t count, float *to, intptr_t apart,
                   intptr_t tiles, intptr_t offset, intptr_t columns);
    /// G g G^T for some `k` of filters `w[k * apart[0] + column * apart[1] + row of 3 * apart[2] + column of 3 * apart[3]]`, in
    /// panels as for `multiply` of CTiles: `to[element * size + (panel * depth + k) * columns + place]`.
    void (*filters)(const float *w, const intptr_t *apart, intptr_t first, intptr_t count, intptr_t depth, intptr_t width,
                    intptr_t columns, float *to, intptr_t size);
    /// G^T u G of `from[element * size + k * row + column]`, stored as the filters above lie.
    void (*gradient)(const float *from, intptr_t size, intptr_t row, const intptr_t *apart, intptr_t first, intptr_t count,
                     intptr_t width, float *dw);
} cwinograd_kernels;

/// The fastest that this processor runs.
const cwinograd_kernels *cwinograd_best(void);
/// Those of a name, NULL where this processor does not run them; for tests.
const cwinograd_kernels *cwinograd_named(const char *name);

#ifdef __cplusplus
}
#endif
