// Batch norm in training. Sums within a block that fits a core's caches are float32; sums of blocks are float64.
// Innermost channels are processed in panels, whose sums stay in the first cache.

enum { PANEL = 512, BLOCK = 64, RUN = 1024 };

INLINE intptr_t least(intptr_t a, intptr_t b) { return a < b ? a : b; }

// Each step exists for a vector and for a number, with equal rounding: a mask that is computed again must equal that of
// forward.
INLINE vector affine(vector x, vector scale, vector shift) { return x * scale + shift; }
INLINE float affine1(float x, float scale, float shift) { return x * scale + shift; }
/// The gradient through the activation of v; it passes if v is NaN.
INLINE vector masked(vector g, vector v, compute_activation activation) {
    g = (vector)((integers)g & ~(v <= 0.0f));
    return activation == COMPUTE_RELU6 ? (vector)((integers)g & ~(v >= 6.0f)) : g;
}
INLINE float masked1(float g, float v, compute_activation activation) {
    return v <= 0 || (activation == COMPUTE_RELU6 && v >= 6) ? 0 : g;
}
INLINE vector slanted(vector g, vector x, vector mean, vector scale, vector slope, vector offset) {
    return g * scale + ((x - mean) * slope + offset);
}
INLINE float slanted1(float g, float x, float mean, float scale, float slope, float offset) {
    return g * scale + ((x - mean) * slope + offset);
}

/// The lanes' sum, halves first.
INLINE float lanes_sum(vector v) {
    float lanes[WIDTH];
    store(lanes, v);
    for (int width = WIDTH / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
    return lanes[0];
}

/// Adds `more` numbers to `count` numbers of known moments: Chan et al. 1979. `about` is near the new numbers' mean,
/// from which they differ by `sum` together and by `square` in squares.
INLINE void merge(double *mean, double *squares, double share, double weight, double inverse, float about, float sum,
                  float square) {
    double away = sum * inverse, distance = about + away - *mean;
    *mean += distance * share;
    *squares += square - sum * away + distance * distance * weight;
}

/// For some rows, `step` apart, and `vectors` vectors of channels: a number near their mean, the sum of the differences
/// from it, and the sum of their squares.
INLINE void block_of_rows(const float *x, intptr_t height, intptr_t step, int vectors, float *about, float *sum,
                          float *square) {
    vector even[4], odd[4];
    UNROLL for (int v = 0; v < vectors; v++) even[v] = odd[v] = (vector)(0.0f);
    intptr_t i = 0;
    for (; i + 2 <= height; i += 2)
        UNROLL for (int v = 0; v < vectors; v++) {
            even[v] += load(x + i * step + v * WIDTH);
            odd[v] += load(x + (i + 1) * step + v * WIDTH);
        }
    if (i < height) UNROLL for (int v = 0; v < vectors; v++) even[v] += load(x + i * step + v * WIDTH);
    vector middle[4];
    UNROLL for (int v = 0; v < vectors; v++) {
        middle[v] = (even[v] + odd[v]) * (1.0f / (float)height);
        even[v] = odd[v] = (vector)(0.0f);
    }
    for (i = 0; i < height; i++)
        UNROLL for (int v = 0; v < vectors; v++) {
            vector d = load(x + i * step + v * WIDTH) - middle[v];
            even[v] += d;
            odd[v] += d * d;
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        store(about + v * WIDTH, middle[v]);
        store(sum + v * WIDTH, even[v]);
        store(square + v * WIDTH, odd[v]);
    }
}

static void moments_of_rows(const float *x, norm_shape shape, double *means, double *squares) {
    float about[PANEL], sum[PANEL], square[PANEL];
    for (intptr_t panel = 0; panel < shape.channels; panel += PANEL) {
        intptr_t width = least(PANEL, shape.channels - panel), step = shape.channels;
        for (intptr_t first = 0; first < shape.images; first += BLOCK) {
            intptr_t height = least(BLOCK, shape.images - first), c = 0;
            const float *block = x + first * step + panel;
            for (; c + 4 * WIDTH <= width; c += 4 * WIDTH)
                block_of_rows(block + c, height, step, 4, about + c, sum + c, square + c);
            for (; c + WIDTH <= width; c += WIDTH)
                block_of_rows(block + c, height, step, 1, about + c, sum + c, square + c);
            for (; c < width; c++) {
                float all = 0, differences = 0, products = 0;
                for (intptr_t i = 0; i < height; i++) all += block[i * step + c];
                about[c] = all / (float)height;
                for (intptr_t i = 0; i < height; i++) {
                    float d = block[i * step + c] - about[c];
                    differences += d;
                    products += d * d;
                }
                sum[c] = differences;
                square[c] = products;
            }
            double share = (double)height / (double)(first + height), inverse = 1.0 / (double)height;
            double weight = share * (double)first, *mean = means + panel, *spread = squares + panel;
            for (c = 0; c < width; c++)
                merge(mean + c, spread + c, share, weight, inverse, about[c], sum[c], square[c]);
        }
    }
}

static void moments_of_planes(const float *x, norm_shape shape, double *means, double *squares) {
    for (intptr_t image = 0; image < shape.images; image++)
        for (intptr_t channel = 0; channel < shape.channels; channel++, x += shape.size)
            for (intptr_t first = 0; first < shape.size; first += RUN) {
                intptr_t length = least(RUN, shape.size - first), i = 0;
                const float *p = x + first;
                vector sums = (vector)(0.0f), more = (vector)(0.0f);
                for (; i + 2 * WIDTH <= length; i += 2 * WIDTH) {
                    sums += load(p + i);
                    more += load(p + i + WIDTH);
                }
                float rest = 0;
                for (; i < length; i++) rest += p[i];
                double inverse = 1.0 / (double)length;
                float about = (float)((lanes_sum(sums + more) + rest) * inverse);
                vector differences = (vector)(0.0f), products = (vector)(0.0f);
                for (i = 0; i + WIDTH <= length; i += WIDTH) {
                    vector d = load(p + i) - about;
                    differences += d;
                    products += d * d;
                }
                float sum = lanes_sum(differences), square = lanes_sum(products);
                for (; i < length; i++) {
                    float d = p[i] - about;
                    sum += d;
                    square += d * d;
                }
                double before = (double)image * (double)shape.size + (double)first;
                double share = (double)length / (before + (double)length);
                merge(means + channel, squares + channel, share, share * before, inverse, about, sum, square);
            }
}

static void moments(const float *x, norm_shape shape, double *means, double *squares) {
    memset(means, 0, (size_t)shape.channels * sizeof(double));
    memset(squares, 0, (size_t)shape.channels * sizeof(double));
    if (shape.size == 1) moments_of_rows(x, shape, means, squares);
    else moments_of_planes(x, shape, means, squares);
}

INLINE void forward_of(const float *x, const float *shortcut, norm_shape shape, const float *scale, const float *shift,
                       compute_activation activation, int adds, float *y) {
    for (intptr_t image = 0; image < shape.images; image++) {
        if (shape.size == 1) {
            intptr_t c = 0;
            for (; c + WIDTH <= shape.channels; c += WIDTH) {
                vector v = affine(load(x + c), load(scale + c), load(shift + c));
                if (adds) v += load(shortcut + c);
                store(y + c, activated(v, activation));
            }
            for (; c < shape.channels; c++) {
                float v = affine1(x[c], scale[c], shift[c]);
                if (adds) v += shortcut[c];
                y[c] = activated1(v, activation);
            }
        } else {
            for (intptr_t channel = 0; channel < shape.channels; channel++) {
                intptr_t at = channel * shape.size, end = at + shape.size;
                float factor = scale[channel], offset = shift[channel];
                for (; at + WIDTH <= end; at += WIDTH) {
                    vector v = affine(load(x + at), (vector)(factor), (vector)(offset));
                    if (adds) v += load(shortcut + at);
                    store(y + at, activated(v, activation));
                }
                for (; at < end; at++) {
                    float v = affine1(x[at], factor, offset);
                    if (adds) v += shortcut[at];
                    y[at] = activated1(v, activation);
                }
            }
        }
        intptr_t step = shape.channels * shape.size;
        x += step;
        y += step;
        if (adds) shortcut += step;
    }
}

static void forward(const float *x, const float *shortcut, norm_shape shape, const float *scale, const float *shift,
                    compute_activation activation, float *y) {
#define FORWARD(activation)                                                                                            \
    case activation:                                                                                                   \
        if (shortcut) forward_of(x, shortcut, shape, scale, shift, activation, 1, y);                                  \
        else forward_of(x, shortcut, shape, scale, shift, activation, 0, y);                                           \
        break;
    switch (activation) {
        FORWARD(COMPUTE_LINEAR)
        FORWARD(COMPUTE_RELU)
        FORWARD(COMPUTE_RELU6)
    }
}

/// Masks the gradient `g` of a vector or of one number, and stores it where the activation's output is the mask.
#define MASK(g, x, at, factor, offset, load, store, affine, masked)                                                    \
    if (mask.activation != COMPUTE_LINEAR && mask.source == NORM_FROM_INPUT)                                           \
        g = masked(g, affine(x, factor, offset), mask.activation);                                                     \
    if (mask.activation != COMPUTE_LINEAR && mask.source == NORM_FROM_OUTPUT) {                                        \
        g = masked(g, load(y + (at)), mask.activation);                                                                \
        store(masked_out + (at), g);                                                                                   \
    }
#define LOAD1(p) (*(p))
#define STORE1(p, v) (*(p) = (v))

INLINE void sums_of_rows(const float *x, const float *dy, const float *y, norm_shape shape, norm_mask mask,
                         const float *mean, const float *scale, const float *shift, float *masked_out, double *sums,
                         double *products) {
    float sum[PANEL], product[PANEL];
    for (intptr_t panel = 0; panel < shape.channels; panel += PANEL) {
        intptr_t width = least(PANEL, shape.channels - panel);
        for (intptr_t first = 0; first < shape.images; first += BLOCK) {
            intptr_t end = least(first + BLOCK, shape.images);
            memset(sum, 0, sizeof sum);
            memset(product, 0, sizeof product);
            for (intptr_t i = first; i < end; i++) {
                intptr_t at = i * shape.channels + panel, c = 0;
                for (; c + WIDTH <= width; c += WIDTH) {
                    intptr_t k = panel + c;
                    vector value = load(x + at + c), g = load(dy + at + c);
                    MASK(g, value, at + c, load(scale + k), load(shift + k), load, store, affine, masked)
                    store(sum + c, load(sum + c) + g);
                    store(product + c, load(product + c) + g * (value - load(mean + k)));
                }
                for (; c < width; c++) {
                    intptr_t k = panel + c;
                    float value = x[at + c], g = dy[at + c];
                    MASK(g, value, at + c, scale[k], shift[k], LOAD1, STORE1, affine1, masked1)
                    sum[c] += g;
                    product[c] += g * (value - mean[k]);
                }
            }
            for (intptr_t c = 0; c < width; c++) {
                sums[panel + c] += sum[c];
                products[panel + c] += product[c];
            }
        }
    }
}

INLINE void sums_of_planes(const float *x, const float *dy, const float *y, norm_shape shape, norm_mask mask,
                           const float *mean, const float *scale, const float *shift, float *masked_out, double *sums,
                           double *products) {
    for (intptr_t plane = 0; plane < shape.images * shape.channels; plane++) {
        intptr_t k = plane % shape.channels, last = (plane + 1) * shape.size;
        for (intptr_t first = plane * shape.size; first < last; first += RUN) {
            intptr_t end = least(first + RUN, last), at = first;
            vector sum = (vector)(0.0f), product = (vector)(0.0f);
            for (; at + WIDTH <= end; at += WIDTH) {
                vector value = load(x + at), g = load(dy + at);
                MASK(g, value, at, (vector)(scale[k]), (vector)(shift[k]), load, store, affine, masked)
                sum += g;
                product += g * (value - mean[k]);
            }
            float rest = 0, others = 0;
            for (; at < end; at++) {
                float value = x[at], g = dy[at];
                MASK(g, value, at, scale[k], shift[k], LOAD1, STORE1, affine1, masked1)
                rest += g;
                others += g * (value - mean[k]);
            }
            sums[k] += (double)lanes_sum(sum) + rest;
            products[k] += (double)lanes_sum(product) + others;
        }
    }
}

static void gradient_sums(const float *x, const float *dy, const float *y, norm_shape shape, norm_mask mask,
                          const float *mean, const float *scale, const float *shift, float *masked_out, double *sums,
                          double *products) {
    memset(sums, 0, (size_t)shape.channels * sizeof(double));
    memset(products, 0, (size_t)shape.channels * sizeof(double));
    // Constants, so that each combination is compiled separately.
#define SUMS(activation, source)                                                                                       \
    do {                                                                                                               \
        norm_mask known = {activation, source};                                                                        \
        if (shape.size == 1) sums_of_rows(x, dy, y, shape, known, mean, scale, shift, masked_out, sums, products);     \
        else sums_of_planes(x, dy, y, shape, known, mean, scale, shift, masked_out, sums, products);                   \
    } while (0)
    if (mask.activation == COMPUTE_LINEAR) SUMS(COMPUTE_LINEAR, NORM_FROM_INPUT);
    else if (mask.source == NORM_FROM_INPUT) {
        if (mask.activation == COMPUTE_RELU) SUMS(COMPUTE_RELU, NORM_FROM_INPUT);
        else SUMS(COMPUTE_RELU6, NORM_FROM_INPUT);
    } else if (mask.activation == COMPUTE_RELU) SUMS(COMPUTE_RELU, NORM_FROM_OUTPUT);
    else SUMS(COMPUTE_RELU6, NORM_FROM_OUTPUT);
}

INLINE void backward_of(const float *x, const float *dy, norm_shape shape, compute_activation masks, const float *mean,
                        const float *scale, const float *shift, const float *slope, const float *offset, float *dx) {
    for (intptr_t image = 0; image < shape.images; image++) {
        if (shape.size == 1) {
            intptr_t c = 0;
            for (; c + WIDTH <= shape.channels; c += WIDTH) {
                vector value = load(x + c), g = load(dy + c), factor = load(scale + c);
                if (masks) g = masked(g, affine(value, factor, load(shift + c)), masks);
                store(dx + c, slanted(g, value, load(mean + c), factor, load(slope + c), load(offset + c)));
            }
            for (; c < shape.channels; c++) {
                float g = masks ? masked1(dy[c], affine1(x[c], scale[c], shift[c]), masks) : dy[c];
                dx[c] = slanted1(g, x[c], mean[c], scale[c], slope[c], offset[c]);
            }
        } else {
            for (intptr_t k = 0; k < shape.channels; k++) {
                intptr_t at = k * shape.size, end = at + shape.size;
                for (; at + WIDTH <= end; at += WIDTH) {
                    vector value = load(x + at), g = load(dy + at), factor = (vector)(scale[k]);
                    if (masks) g = masked(g, affine(value, factor, (vector)(shift[k])), masks);
                    store(dx + at,
                          slanted(g, value, (vector)(mean[k]), factor, (vector)(slope[k]), (vector)(offset[k])));
                }
                for (; at < end; at++) {
                    float g = masks ? masked1(dy[at], affine1(x[at], scale[k], shift[k]), masks) : dy[at];
                    dx[at] = slanted1(g, x[at], mean[k], scale[k], slope[k], offset[k]);
                }
            }
        }
        intptr_t step = shape.channels * shape.size;
        x += step;
        dy += step;
        dx += step;
    }
}

static void backward(const float *x, const float *dy, norm_shape shape, norm_mask mask, const float *mean,
                     const float *scale, const float *shift, const float *slope, const float *offset, float *dx) {
    const compute_activation masks = mask.source == NORM_FROM_INPUT ? mask.activation : COMPUTE_LINEAR;
    if (masks == COMPUTE_RELU) backward_of(x, dy, shape, COMPUTE_RELU, mean, scale, shift, slope, offset, dx);
    else if (masks == COMPUTE_RELU6) backward_of(x, dy, shape, COMPUTE_RELU6, mean, scale, shift, slope, offset, dx);
    else backward_of(x, dy, shape, COMPUTE_LINEAR, mean, scale, shift, slope, offset, dx);
}

static const compute_norm norm = {moments, forward, gradient_sums, backward};
