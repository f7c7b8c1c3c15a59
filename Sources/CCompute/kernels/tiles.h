// Tiles of scores: their products, exponentials, sums and gradients.

enum { SIDE = TILE_SIDE, VECTORS = 2, COLUMNS = WIDTH * VECTORS };

/// 2^x, within 1e-7 of it relatively; 0 below 2^-126. x at most 127.
INLINE vector power(vector x) {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
    const vector magic = (vector)(12582912.0f);
    vector rounded = x + magic;
    vector f = x - (rounded - magic);
    // A fit to 2^f in -0.5...0.5 whose largest relative error is 2e-9.
    vector p = f * 0x1.41d334p-13f + 0x1.5f456ap-10f;
    p = p * f + 0x1.3b2dbcp-7f;
    p = p * f + 0x1.c6aed4p-5f;
    p = p * f + 0x1.ebfbdap-3f;
    p = p * f + 0x1.62e43p-1f;
    p = p * f + 1.0f;
    // Casts between vectors keep the bits.
    integers bits = (integers)p + ((integers)rounded << 23);
    return (vector)(x < -126.0f ? (integers)(0) : bits);
}

INLINE vector exponential(vector s, float scale, vector shift) { return power(s * scale - shift); }

static double exponent(float s, float scale, float shift) {
    float term = exponential((vector)(s), scale, (vector)(shift))[0];
    return term > 0 ? log2((double)term) : (double)s * scale - shift;
}

INLINE double total(vector v) {
    double sum = 0;
    for (int lane = 0; lane < WIDTH; lane++) sum += v[lane];
    return sum;
}

static void multiply(const float *from, intptr_t row, intptr_t step, intptr_t count, const float *panels,
                     intptr_t panel, intptr_t width, intptr_t depth, float *to, intptr_t stride, int add) {
    for (intptr_t j = 0; j < width; j += COLUMNS, panels += panel) {
        for (intptr_t i = 0; i < count; i += ROWS) {
            vector sums[ROWS][VECTORS];
            UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) sums[r][v] = (vector)(0.0f);
            const float *a = from + i * row;
            const float *b = panels;
            for (intptr_t k = 0; k < depth; k++, a += step, b += COLUMNS) {
                vector right[VECTORS];
                UNROLL for (int v = 0; v < VECTORS; v++) right[v] = load(b + v * WIDTH);
                UNROLL for (int r = 0; r < ROWS; r++) {
                    vector left = (vector)(a[r * row]);
                    UNROLL for (int v = 0; v < VECTORS; v++) sums[r][v] = left * right[v] + sums[r][v];
                }
            }
            UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) {
                float *place = to + (i + r) * stride + j + v * WIDTH;
                store(place, add ? load(place) + sums[r][v] : sums[r][v]);
            }
        }
    }
}

static void tile_sums(const float *tile, intptr_t rows, intptr_t columns, float scale, float shift,
                      const float *row_shifts, const float *column_shifts, double *row_sums, double *column_sums) {
    // Columns are summed in single precision over few rows only.
    enum { CHUNK = 32 };
    float partial[SIDE];
    for (intptr_t first = 0; first < rows; first += CHUNK) {
        intptr_t end = first + CHUNK < rows ? first + CHUNK : rows;
        memset(partial, 0, sizeof partial);
        for (intptr_t i = first; i < end; i++) {
            const float *s = tile + i * SIDE;
            vector sum = (vector)(0.0f);
            vector own = (vector)(row_shifts ? row_shifts[i] : shift);
            for (intptr_t j = 0; j < columns; j += WIDTH) {
                vector x = load(s + j);
                vector e = exponential(x, scale, own);
                sum += e;
                if (column_sums) {
                    if (column_shifts) e = exponential(x, scale, load(column_shifts + j));
                    store(partial + j, load(partial + j) + e);
                }
            }
            row_sums[i] += total(sum);
        }
        if (column_sums)
            for (intptr_t j = 0; j < columns; j++) column_sums[j] += partial[j];
    }
}

static void tile_gradients(float *tile, intptr_t rows, intptr_t columns, float scale, float shift,
                           const float *row_shifts, const float *column_shifts, const float *row_weights,
                           const float *column_weights) {
    for (intptr_t i = 0; i < rows; i++) {
        float *s = tile + i * SIDE;
        vector own = (vector)(row_shifts ? row_shifts[i] : shift);
        vector weight = (vector)(row_weights[i]);
        for (intptr_t j = 0; j < columns; j += WIDTH) {
            vector x = load(s + j);
            vector e = exponential(x, scale, own);
            if (!column_weights)
                e *= weight;
            else if (!column_shifts)
                e *= weight + load(column_weights + j);
            else
                e = e * weight + exponential(x, scale, load(column_shifts + j)) * load(column_weights + j);
            store(s + j, e);
        }
    }
}

static void largest(const float *tile, intptr_t rows, intptr_t columns, float *row_maxima, float *column_maxima) {
    for (intptr_t i = 0; i < rows; i++) {
        const float *s = tile + i * SIDE;
        vector top = (vector)(row_maxima[i]);
        for (intptr_t j = 0; j < columns; j += WIDTH) {
            vector x = load(s + j);
            top = x > top ? x : top;
            if (column_maxima) {
                vector there = load(column_maxima + j);
                store(column_maxima + j, x > there ? x : there);
            }
        }
        for (int lane = 0; lane < WIDTH; lane++)
            if (top[lane] > row_maxima[i]) row_maxima[i] = top[lane];
    }
}

static const compute_tiles tiles = {ROWS, COLUMNS, multiply, exponent, tile_sums, tile_gradients, largest};
