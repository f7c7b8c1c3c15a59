// The hot loops of training on a CPU: batch norm, tiles of score matrices, and Winograd's convolutions. Each is
// compiled for several levels of instructions, one of which is chosen at run time.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Instructions that kernels are compiled for, each level faster than the one before.
typedef enum { COMPUTE_ANY, COMPUTE_AVX2, COMPUTE_AVX512 } compute_level;

/// The activation applied before numbers are stored: none, `max(x, 0)`, or `min(max(x, 0), 6)`. NaN stays NaN.
typedef enum { COMPUTE_LINEAR, COMPUTE_RELU, COMPUTE_RELU6 } compute_activation;

// Batch norm in training with what follows it, a residual addition and ReLU or ReLU6, in as few passes over memory as
// possible.

/// The shape `[images][channels][size]` of an array; `size` is 1 where channels are innermost, and each pixel then
/// counts as an image.
typedef struct {
    intptr_t images, channels, size;
} norm_shape;

/// How the activation that masks a gradient is known.
typedef enum {
    /// Its input is `x scale + shift`, which is computed again.
    NORM_FROM_INPUT,
    /// Its output was kept.
    NORM_FROM_OUTPUT,
} norm_source;

/// The activation that masks a gradient.
typedef struct {
    compute_activation activation;
    norm_source source;
} norm_mask;

/// Kernels of batch norm. Arrays of coefficients have one number per channel. Where the activation is NaN, the gradient
/// passes the mask.
typedef struct {
    /// Each channel's mean, and the sum of squared differences from it.
    void (*moments)(const float *x, norm_shape shape, double *means, double *squares);
    /// `y = x scale + shift`, plus the shortcut unless it is NULL, then the activation.
    void (*forward)(const float *x, const float *shortcut, norm_shape shape, const float *scale, const float *shift,
                    compute_activation activation, float *y);
    /// Each channel's `sum g` and `sum g (x - mean)`, where `g` is the masked gradient. Only a mask from the output
    /// reads `y` and stores `g` in `masked`.
    void (*sums)(const float *x, const float *dy, const float *y, norm_shape shape, norm_mask mask, const float *mean,
                 const float *scale, const float *shift, float *masked, double *sums, double *products);
    /// `dx = scale g + slope (x - mean) + offset`; for a mask from the output `dy` must be `g`, the masked
    /// gradient.
    void (*backward)(const float *x, const float *dy, norm_shape shape, norm_mask mask, const float *mean,
                     const float *scale, const float *shift, const float *slope, const float *offset, float *dx);
} compute_norm;

// Tiles of a score matrix that is never stored whole: products, exponentials, sums and gradients.

/// The largest number of rows and of columns of a tile, a multiple of every level's `rows` and `columns`. Three such
/// tiles and their factors fit into a core's L2 cache.
enum { TILE_SIDE = 192 };

/// Kernels of tiles. A right factor is stored in panels, `[panel][k][columns]`, and the last panel is padded with
/// zeros. Tiles are row-major with TILE_SIDE numbers per row.
typedef struct {
    /// Rows and columns of the block that stays in registers.
    intptr_t rows, columns;
    /// `to[i, j] = sum_k from[i * row + k * step] panels[k, j]`, added to `to` if `add` is set. Writes i in 0..<count
    /// rounded up to whole `rows`, and j in 0..<width rounded up to whole panels. `panel` is the distance between
    /// panels, `stride` that between rows of `to`.
    void (*multiply)(const float *from, intptr_t row, intptr_t step, intptr_t count, const float *panels,
                     intptr_t panel, intptr_t width, intptr_t depth, float *to, intptr_t stride, int add);
    /// `s scale - shift` of the term that `sums` adds for the score s, rounded as there.
    double (*exponent)(float s, float scale, float shift);
    /// Adds the sums of 2^(s scale - shift) over rows to `row_sums` and over columns to `column_sums`. Each row and
    /// column has its own shift; if the shifts are NULL, all are `shift`. If `column_sums` is NULL, they are not
    /// computed.
    void (*sums)(const float *tile, intptr_t rows, intptr_t columns, float scale, float shift, const float *row_shifts,
                 const float *column_shifts, double *row_sums, double *column_sums);
    /// Replaces scores by
    /// `row_weights[i] 2^(s scale - row_shifts[i]) + column_weights[j] 2^(s scale - column_shifts[j])`, with shifts as
    /// above; without column weights by the first term alone.
    void (*gradients)(float *tile, intptr_t rows, intptr_t columns, float scale, float shift, const float *row_shifts,
                      const float *column_shifts, const float *row_weights, const float *column_weights);
    /// Raises `row_maxima` and, unless NULL, `column_maxima` to the largest score of each row and column.
    void (*largest)(const float *tile, intptr_t rows, intptr_t columns, float *row_maxima, float *column_maxima);
} compute_tiles;

// 3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3) as in Lavin & Gray 2016 (arXiv
// 1509.09308).
//
// With tiles d of 6x6 inputs, filters g, tiles y of 4x4 outputs: y = A^T [(G g G^T) (B^T d B)] A. The product is
// elementwise and summed over channels, so each of the 36 elements is a matrix product. Channels are innermost
// everywhere.

/// Elements of a transformed tile.
enum { WINOGRAD_ELEMENTS = 36 };

/// Images `[images][height][width][channels]`; tiles are counted along rows, then columns, then images.
typedef struct {
    intptr_t images, height, width, channels;
} winograd_images;

/// What follows before outputs are stored: a bias per channel and a shortcut of the output's shape are added unless
/// NULL, then the activation is applied.
typedef struct {
    const float *bias, *shortcut;
    compute_activation activation;
} winograd_epilogue;

/// Winograd's transforms, for channels that are a multiple of 16.
typedef struct {
    /// B^T d B of some tiles, of images padded with zeros: `to[element * stride + tile * channels + channel]`.
    void (*input)(const float *x, winograd_images images, intptr_t first, intptr_t count, float *to, intptr_t stride);
    /// A^T m A of some tiles of `from[element * stride + tile * row + channel]`.
    void (*output)(const float *from, intptr_t stride, intptr_t row, winograd_images images, intptr_t first,
                   intptr_t count, winograd_epilogue epilogue, float *y);
    /// A dy A^T of some tiles, in panels of `columns` channels:
    /// `to[element * stride + (panel * tiles + tile) * columns + column]`, where `tile` starts at `offset`.
    void (*output_gradient)(const float *dy, winograd_images images, intptr_t first, intptr_t count, float *to,
                            intptr_t stride, intptr_t tiles, intptr_t offset, intptr_t columns);
    /// G g G^T for some `k` of filters `w[k * strides[0] + column * strides[1] + y * strides[2] + x * strides[3]]`, in
    /// panels for `multiply`: `to[element * size + (panel * depth + k) * columns + column]`.
    void (*filters)(const float *w, const intptr_t *strides, intptr_t first, intptr_t count, intptr_t depth,
                    intptr_t width, intptr_t columns, float *to, intptr_t size);
    /// G^T u G of `from[element * size + k * row + column]`, stored with the strides of the filters above.
    void (*filter_gradient)(const float *from, intptr_t size, intptr_t row, const intptr_t *strides, intptr_t first,
                            intptr_t count, intptr_t width, float *dw);
} compute_winograd;

// Depthwise convolutions, each channel by a kernel of its own, with channels innermost and weights
// `[kernel][kernel][channels]`. The kernel is odd, at most 7, and padded by its half.

/// Images `[images][height][width][channels]`; outputs have `(size - 1) / stride + 1` rows and columns.
typedef struct {
    intptr_t images, height, width, channels, kernel, stride;
} depthwise_shape;

/// Gradients of depthwise convolutions. Rows are counted through all images.
typedef struct {
    /// The number of channels must be a multiple of this.
    intptr_t channels;
    /// Some rows of the images' gradient.
    void (*input_gradient)(const float *dy, const float *w, depthwise_shape shape, intptr_t first, intptr_t count,
                           float *dx);
    /// Adds the contribution of some rows of the output to the weights' gradient.
    void (*weight_gradient)(const float *x, const float *dy, depthwise_shape shape, intptr_t first, intptr_t count,
                            double *dw);
} compute_depthwise;

/// All kernels of a level.
typedef struct {
    compute_level level;
    compute_norm norm;
    compute_tiles tiles;
    compute_winograd winograd;
    compute_depthwise depthwise;
} compute_kernels;

/// The kernels of the highest level that this processor runs.
const compute_kernels *compute_best(void);
/// The kernels of a level; NULL if this processor does not run them.
const compute_kernels *compute_at(compute_level level);

#ifdef __cplusplus
}
#endif
