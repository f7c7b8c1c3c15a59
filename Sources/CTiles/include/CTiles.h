// Tiles of a matrix of scores that is never held whole: their products, exponentials, sums and gradients.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Rows and columns of a tile at most; a multiple of every kernel's `rows` and `columns`. Three such tiles and what they are
/// multiplied with fit into a core's second cache.
enum { CTILES_SIDE = 192 };

/// One processor's kernels. A matrix that is multiplied from the right lies in panels, `[panel][k][columns]`, the numbers of
/// one k of one panel side by side, the last panel filled up with zeros. Tiles are row-major, CTILES_SIDE apart.
typedef struct {
    /// `avx512`, `avx2` or `any`.
    const char *name;
    /// Rows and columns of what a kernel keeps in registers.
    intptr_t rows, columns;
    /// `to[i, j] = sum_k from[i * row + k * step] panels[k, j]`, or added to what is there; i in 0..<count filled up to whole
    /// `rows`, j in 0..<width filled up to whole panels. `panel` numbers lie between two panels, `apart` between two rows.
    void (*multiply)(const float *from, intptr_t row, intptr_t step, intptr_t count, const float *panels, intptr_t panel,
                     intptr_t width, intptr_t depth, float *to, intptr_t apart, int add);
    /// `s scale - shift`, of the term that `sums` adds for it, whose rounding it shares.
    double (*exponent)(float s, float scale, float shift);
    /// The sums over a tile of 2^(s scale - shift) along rows and along columns, added to `row_sums` and `column_sums`, with a
    /// shift for each row and each column; NULL for shifts that are all `shift`, NULL for column sums that nobody wants.
    void (*sums)(const float *tile, intptr_t rows, intptr_t columns, float scale, float shift, const float *row_shifts,
                 const float *column_shifts, double *row_sums, double *column_sums);
    /// The tile's scores replaced by `row_weights[i] 2^(s scale - row_shifts[i]) + column_weights[j] 2^(s scale -
    /// column_shifts[j])`, with shifts as above; without column weights the first term alone.
    void (*slopes)(float *tile, intptr_t rows, intptr_t columns, float scale, float shift, const float *row_shifts,
                   const float *column_shifts, const float *row_weights, const float *column_weights);
    /// The largest number of each row and, unless NULL, of each column, where larger than what is there.
    void (*largest)(const float *tile, intptr_t rows, intptr_t columns, float *row_maxima, float *column_maxima);
} ctiles_kernels;

/// The fastest that this processor runs.
const ctiles_kernels *ctiles_best(void);
/// Those of a name, NULL where this processor does not run them; for tests.
const ctiles_kernels *ctiles_named(const char *name);

#ifdef __cplusplus
}
#endif
