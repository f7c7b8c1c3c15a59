// Batch norm in training with what follows it, a residual addition and ReLU, forward and backward, in as few passes over memory
// as there can be.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Numbers in memory as `[images][channels][extent]`; `extent` is 1 where the channels lie innermost, and each pixel is then
/// an image.
typedef struct {
    intptr_t images, channels, extent;
} cnorm_shape;

/// What a gradient passes on its way back.
typedef enum {
    /// No ReLU.
    CNORM_OPEN,
    /// A ReLU whose input is `x scale + shift`, computed again.
    CNORM_OF_INPUT,
    /// A ReLU whose output is at hand.
    CNORM_OF_OUTPUT,
} cnorm_mask;

/// One processor's kernels. Arrays of coefficients have one number for each channel. ReLU lets NaN through, either way.
typedef struct {
    /// `avx512`, `avx2` or `any`.
    const char *name;
    /// Each channel's mean, and the sum of squares of its numbers' differences from it.
    void (*moments)(const float *x, cnorm_shape shape, double *means, double *squares);
    /// `y = x scale + shift`, plus the shortcut unless NULL, then ReLU if wanted.
    void (*forward)(const float *x, const float *shortcut, cnorm_shape shape, const float *scale, const float *shift,
                    int relu, float *y);
    /// With `g` the gradient that the mask lets through: each channel's `sum g` and `sum g (x - mean)`. `y` is read, and `g`
    /// stored in `through`, only for CNORM_OF_OUTPUT.
    void (*sums)(const float *x, const float *dy, const float *y, cnorm_shape shape, cnorm_mask mask, const float *mean,
                 const float *scale, const float *shift, float *through, double *sums, double *products);
    /// `dx = scale g + slope (x - mean) + offset`; `y` has no part in it, so that CNORM_OF_OUTPUT wants `g` for `dy`.
    void (*backward)(const float *x, const float *dy, cnorm_shape shape, cnorm_mask mask, const float *mean,
                     const float *scale, const float *shift, const float *slope, const float *offset, float *dx);
} cnorm_kernels;

/// The fastest that this processor runs.
const cnorm_kernels *cnorm_best(void);
/// Those of a name, NULL where this processor does not run them; for tests.
const cnorm_kernels *cnorm_named(const char *name);

#ifdef __cplusplus
}
#endif
