// The transforms of Winograd's F(4x4, 3x3).

enum { MOST = 4096 };
static const float zeros[MOST];

/// Where a tile's pixels are; NULL outside the picture.
typedef struct {
    intptr_t down, across, image, y, x;
} tile_corner;

INLINE tile_corner first_corner(winograd_images p, intptr_t tile) {
    intptr_t down = (p.height + 3) / 4, across = (p.width + 3) / 4;
    tile_corner at = {down, across, tile / (down * across), tile / across % down, tile % across};
    return at;
}
INLINE void advance(tile_corner *at) {
    if (++at->x < at->across) return;
    at->x = 0;
    if (++at->y < at->down) return;
    at->y = 0;
    at->image++;
}

/// B^T of six numbers.
INLINE void inward(const vector *d, intptr_t step, vector *t, intptr_t stride) {
    vector a = d[4 * step] - 4 * d[2 * step], b = d[3 * step] - 4 * d[step];
    vector c = d[4 * step] - d[2 * step], e = 2 * (d[3 * step] - d[step]);
    t[0] = 4 * d[0] - 5 * d[2 * step] + d[4 * step];
    t[stride] = a + b;
    t[2 * stride] = a - b;
    t[3 * stride] = c + e;
    t[4 * stride] = c - e;
    t[5 * stride] = 4 * d[step] - 5 * d[3 * step] + d[5 * step];
}
/// A^T of six numbers.
INLINE void outward(const vector *m, intptr_t step, vector *t, intptr_t stride) {
    vector a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    vector c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
    t[0] = m[0] + a + c;
    t[stride] = b + 2 * d;
    t[2 * stride] = a + 4 * c;
    t[3 * stride] = b + 8 * d + m[5 * step];
}
/// A of four numbers.
INLINE void spread(const vector *y, intptr_t step, vector *t, intptr_t stride) {
    vector a = y[0] + y[2 * step], b = y[step] + y[3 * step];
    vector c = y[0] + 4 * y[2 * step], d = 2 * y[step] + 8 * y[3 * step];
    t[0] = y[0];
    t[stride] = a + b;
    t[2 * stride] = a - b;
    t[3 * stride] = c + d;
    t[4 * stride] = c - d;
    t[5 * stride] = y[3 * step];
}
/// G of three numbers.
INLINE void widened(const vector *g, intptr_t step, vector *t, intptr_t stride) {
    vector a = (g[0] + g[2 * step]) * (-1.0f / 6), b = g[step] * (1.0f / 6);
    vector c = g[0] * (1.0f / 24) + g[2 * step] * (1.0f / 6), d = g[step] * (1.0f / 12);
    t[0] = g[0] * 0.25f;
    t[stride] = a - b;
    t[2 * stride] = a + b;
    t[3 * stride] = c + d;
    t[4 * stride] = c - d;
    t[5 * stride] = g[2 * step];
}
/// G^T of six numbers.
INLINE void narrowed(const vector *u, intptr_t step, vector *t, intptr_t stride) {
    vector a = (u[step] + u[2 * step]) * (1.0f / 6), b = (u[2 * step] - u[step]) * (1.0f / 6);
    vector c = u[3 * step] + u[4 * step], d = u[3 * step] - u[4 * step];
    t[0] = u[0] * 0.25f - a + c * (1.0f / 24);
    t[stride] = b + d * (1.0f / 12);
    t[2 * stride] = c * (1.0f / 6) - a + u[5 * step];
}

static void input(const float *x, winograd_images p, intptr_t first, intptr_t count, float *to, intptr_t stride) {
    tile_corner at = first_corner(p, first);
    for (intptr_t tile = 0; tile < count; tile++, advance(&at)) {
        const float *pixels[36];
        for (int r = 0; r < 6; r++)
            for (int c = 0; c < 6; c++) {
                intptr_t y = at.y * 4 + r - 1, z = at.x * 4 + c - 1;
                int inside = y >= 0 && y < p.height && z >= 0 && z < p.width;
                pixels[r * 6 + c] = inside ? x + ((at.image * p.height + y) * p.width + z) * p.channels : zeros;
            }
        for (intptr_t channel = 0; channel < p.channels; channel += WIDTH) {
            vector d[6], half[36], t[6];
            UNROLL for (int c = 0; c < 6; c++) {
                UNROLL for (int r = 0; r < 6; r++) d[r] = load(pixels[r * 6 + c] + channel);
                inward(d, 1, half + c, 6);
            }
            float *place = to + tile * p.channels + channel;
            UNROLL for (int r = 0; r < 6; r++) {
                inward(half + r * 6, 1, t, 1);
                UNROLL for (int c = 0; c < 6; c++) store(place + (r * 6 + c) * stride, t[c]);
            }
        }
    }
}

static void output(const float *from, intptr_t stride, intptr_t row, winograd_images p, intptr_t first, intptr_t count,
                   winograd_epilogue epilogue, float *y) {
    tile_corner at = first_corner(p, first);
    const float *bias = epilogue.bias ? epilogue.bias : zeros;
    for (intptr_t tile = 0; tile < count; tile++, advance(&at)) {
        intptr_t rows = p.height - at.y * 4, columns = p.width - at.x * 4;
        intptr_t corner = ((at.image * p.height + at.y * 4) * p.width + at.x * 4) * p.channels;
        for (intptr_t channel = 0; channel < p.channels; channel += WIDTH) {
            vector m[6], half[24], t[4];
            UNROLL for (int c = 0; c < 6; c++) {
                UNROLL for (int r = 0; r < 6; r++) m[r] = load(from + (r * 6 + c) * stride + tile * row + channel);
                outward(m, 1, half + c, 6);
            }
            for (int r = 0; r < 4 && r < rows; r++) {
                outward(half + r * 6, 1, t, 1);
                intptr_t place = corner + r * p.width * p.channels + channel;
                for (int c = 0; c < 4 && c < columns; c++, place += p.channels) {
                    vector v = t[c] + load(bias + channel);
                    if (epilogue.shortcut) v += load(epilogue.shortcut + place);
                    store(y + place, activated(v, epilogue.activation));
                }
            }
        }
    }
}

static void output_gradient(const float *dy, winograd_images p, intptr_t first, intptr_t count, float *to,
                            intptr_t stride, intptr_t tiles, intptr_t offset, intptr_t columns) {
    tile_corner at = first_corner(p, first);
    for (intptr_t tile = 0; tile < count; tile++, advance(&at)) {
        const float *pixels[16];
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 4; c++) {
                intptr_t y = at.y * 4 + r, z = at.x * 4 + c;
                int inside = y < p.height && z < p.width;
                pixels[r * 4 + c] = inside ? dy + ((at.image * p.height + y) * p.width + z) * p.channels : zeros;
            }
        for (intptr_t channel = 0; channel < p.channels; channel += WIDTH) {
            vector d[4], half[24], t[6];
            UNROLL for (int c = 0; c < 4; c++) {
                UNROLL for (int r = 0; r < 4; r++) d[r] = load(pixels[r * 4 + c] + channel);
                spread(d, 1, half + c, 4);
            }
            float *place = to + (channel / columns * tiles + offset + tile) * columns + channel % columns;
            UNROLL for (int r = 0; r < 6; r++) {
                spread(half + r * 4, 1, t, 1);
                UNROLL for (int c = 0; c < 6; c++) store(place + (r * 6 + c) * stride, t[c]);
            }
        }
    }
}

static void filters(const float *w, const intptr_t *strides, intptr_t first, intptr_t count, intptr_t depth,
                    intptr_t width, intptr_t columns, float *to, intptr_t size) {
    for (intptr_t column = 0; column < width; column += WIDTH)
        for (intptr_t k = first; k < first + count; k++) {
            vector g[3], half[18], t[6];
            UNROLL for (int c = 0; c < 3; c++) {
                UNROLL for (int r = 0; r < 3; r++) {
                    const float *p = w + k * strides[0] + column * strides[1] + r * strides[2] + c * strides[3];
                    float lanes[WIDTH];
                    for (int lane = 0; lane < WIDTH; lane++) lanes[lane] = p[lane * strides[1]];
                    g[r] = load(lanes);
                }
                widened(g, 1, half + c, 3);
            }
            float *place = to + (column / columns * depth + k) * columns + column % columns;
            UNROLL for (int r = 0; r < 6; r++) {
                widened(half + r * 3, 1, t, 1);
                UNROLL for (int c = 0; c < 6; c++) store(place + (r * 6 + c) * size, t[c]);
            }
        }
}

static void filter_gradient(const float *from, intptr_t size, intptr_t row, const intptr_t *strides, intptr_t first,
                            intptr_t count, intptr_t width, float *dw) {
    for (intptr_t column = 0; column < width; column += WIDTH)
        for (intptr_t k = first; k < first + count; k++) {
            vector u[6], half[18], t[3];
            UNROLL for (int c = 0; c < 6; c++) {
                UNROLL for (int r = 0; r < 6; r++) u[r] = load(from + (r * 6 + c) * size + k * row + column);
                narrowed(u, 1, half + c, 6);
            }
            for (int r = 0; r < 3; r++) {
                narrowed(half + r * 6, 1, t, 1);
                for (int c = 0; c < 3; c++) {
                    float *p = dw + k * strides[0] + column * strides[1] + r * strides[2] + c * strides[3];
                    for (int lane = 0; lane < WIDTH; lane++) p[lane * strides[1]] = t[c][lane];
                }
            }
        }
}

static const compute_winograd winograd = {input, output, output_gradient, filters, filter_gradient};
