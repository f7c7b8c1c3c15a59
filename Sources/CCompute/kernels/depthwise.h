// Gradients of depthwise convolutions with the channels innermost.

enum { MOST_TAPS = 7 };

INLINE intptr_t above(intptr_t a, intptr_t b) { return a > b ? a : b; }

/// The outputs of a row to which the tap at `c` of the kernel belongs.
INLINE void outputs_of_tap(depthwise_shape s, intptr_t c, intptr_t *first, intptr_t *end) {
    intptr_t pad = s.kernel / 2, across = (s.width - 1) / s.stride + 1;
    *first = c >= pad ? 0 : (pad - c + s.stride - 1) / s.stride;
    *end = least(across, (s.width - 1 + pad - c) / s.stride + 1);
}

static void depthwise_input_gradient(const float *dy, const float *w, depthwise_shape s, intptr_t first, intptr_t count,
                                     float *dx) {
    intptr_t pad = s.kernel / 2, across = (s.width - 1) / s.stride + 1, down = (s.height - 1) / s.stride + 1;
    for (intptr_t line = first; line < first + count; line++) {
        intptr_t image = line / s.height, i = line % s.height;
        for (intptr_t j = 0; j < s.width; j++) {
            float *out = dx + (line * s.width + j) * s.channels;
            // The taps with which an output sees this pixel, and those outputs.
            const float *from[MOST_TAPS * MOST_TAPS], *weights[MOST_TAPS * MOST_TAPS];
            int taps = 0;
            for (intptr_t r = (i + pad) % s.stride; r < s.kernel; r += s.stride) {
                intptr_t up = (i + pad - r) / s.stride;
                if (i + pad < r || up >= down) continue;
                for (intptr_t c = (j + pad) % s.stride; c < s.kernel; c += s.stride) {
                    intptr_t o = (j + pad - c) / s.stride;
                    if (j + pad < c || o >= across) continue;
                    from[taps] = dy + ((image * down + up) * across + o) * s.channels;
                    weights[taps++] = w + (r * s.kernel + c) * s.channels;
                }
            }
            for (intptr_t channel = 0; channel < s.channels; channel += WIDTH) {
                vector sum = (vector)(0.0f);
                for (int tap = 0; tap < taps; tap++) sum += load(from[tap] + channel) * load(weights[tap] + channel);
                store(out + channel, sum);
            }
        }
    }
}

/// Adds the products of a row of `dy` with one of `x` to the sums of the kernel's row.
INLINE void weight_sums(const float *x, const float *dy, depthwise_shape s, intptr_t kernel, vector *sums) {
    intptr_t pad = kernel / 2, step = s.stride * s.channels;
    intptr_t first[MOST_TAPS], end[MOST_TAPS], begin = 0, stop = (s.width - 1) / s.stride + 1;
    for (intptr_t c = 0; c < kernel; c++) {
        outputs_of_tap(s, c, first + c, end + c);
        begin = above(begin, first[c]);
        stop = least(stop, end[c]);
    }
    stop = above(begin, stop);
    const float *from = x - pad * s.channels;
    for (intptr_t o = begin; o < stop; o++) {
        vector g = load(dy + o * s.channels);
        UNROLL for (intptr_t c = 0; c < kernel; c++) sums[c] += g * load(from + o * step + c * s.channels);
    }
    for (intptr_t c = 0; c < kernel; c++) {
        for (intptr_t o = first[c]; o < least(begin, end[c]); o++)
            sums[c] += load(dy + o * s.channels) * load(from + o * step + c * s.channels);
        for (intptr_t o = above(stop, first[c]); o < end[c]; o++)
            sums[c] += load(dy + o * s.channels) * load(from + o * step + c * s.channels);
    }
}

INLINE void weight_gradient_of(const float *x, const float *dy, depthwise_shape s, intptr_t kernel, intptr_t first,
                               intptr_t count, double *dw) {
    intptr_t pad = kernel / 2, across = (s.width - 1) / s.stride + 1, down = (s.height - 1) / s.stride + 1;
    for (intptr_t line = first; line < first + count; line++) {
        intptr_t image = line / down, at = line % down * s.stride - pad;
        const float *slopes = dy + line * across * s.channels;
        for (intptr_t channel = 0; channel < s.channels; channel += WIDTH)
            for (intptr_t r = above(0, -at); r < least(kernel, s.height - at); r++) {
                vector sums[MOST_TAPS];
                UNROLL for (intptr_t c = 0; c < kernel; c++) sums[c] = (vector)(0.0f);
                weight_sums(x + (image * s.height + at + r) * s.width * s.channels + channel, slopes + channel, s,
                            kernel, sums);
                for (intptr_t c = 0; c < kernel; c++)
                    for (int lane = 0; lane < WIDTH; lane++)
                        dw[(r * kernel + c) * s.channels + channel + lane] += (double)sums[c][lane];
            }
    }
}

static void depthwise_weight_gradient(const float *x, const float *dy, depthwise_shape s, intptr_t first,
                                      intptr_t count, double *dw) {
    if (s.kernel == 3) weight_gradient_of(x, dy, s, 3, first, count, dw);
    else if (s.kernel == 7) weight_gradient_of(x, dy, s, 7, first, count, dw);
    else weight_gradient_of(x, dy, s, s.kernel, first, count, dw);
}

static const compute_depthwise depthwise = {WIDTH, depthwise_input_gradient, depthwise_weight_gradient};
