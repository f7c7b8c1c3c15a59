// The source that norm_gpu.cpp compiles for the GPU, once with BF16 = 1 for bfloat16 and once with 0 for float32.
R"cuda(
// Batch norm in training over rows [M, C], channels innermost, with a residual addition and ReLU. Each byte is read and
// written as few times as possible. A thread owns 8 channels and loops over rows. Blocks write partial sums, which one
// more kernel adds in a fixed order.
typedef unsigned short u16;
typedef unsigned int u32;

struct Row { float v[8]; };

#if BF16
typedef u16 number;
__device__ inline Row load(const number *p) {
    const uint4 raw = *reinterpret_cast<const uint4 *>(p);
    const u32 words[4] = {raw.x, raw.y, raw.z, raw.w};
    Row row;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        row.v[2 * i] = __uint_as_float(words[i] << 16);
        row.v[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
    return row;
}
// Rounds to nearest, ties to even; NaN stays NaN.
__device__ inline u32 rounded(float f) {
    const u32 bits = __float_as_uint(f);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
    return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}
__device__ inline void store(number *p, const Row &row) {
    u32 words[4];
#pragma unroll
    for (int i = 0; i < 4; i++) words[i] = rounded(row.v[2 * i]) | (rounded(row.v[2 * i + 1]) << 16);
    *reinterpret_cast<uint4 *>(p) = make_uint4(words[0], words[1], words[2], words[3]);
}
#else
typedef float number;
__device__ inline Row load(const number *p) {
    const float4 a = reinterpret_cast<const float4 *>(p)[0], b = reinterpret_cast<const float4 *>(p)[1];
    return Row{{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}};
}
__device__ inline void store(number *p, const Row &row) {
    reinterpret_cast<float4 *>(p)[0] = make_float4(row.v[0], row.v[1], row.v[2], row.v[3]);
    reinterpret_cast<float4 *>(p)[1] = make_float4(row.v[4], row.v[5], row.v[6], row.v[7]);
}
#endif

// Adds the sums of the threads of the same channels, in order, and writes those of the block.
__device__ inline void write_partials(const Row &first, const Row &second, int channels, float *partial) {
    __shared__ float sums[256][8];
    const int columns = channels / 8, column = threadIdx.x % columns, rows = blockDim.x / columns;
    const Row *both[2] = {&first, &second};
#pragma unroll
    for (int which = 0; which < 2; which++) {
#pragma unroll
        for (int i = 0; i < 8; i++) sums[threadIdx.x][i] = both[which]->v[i];
        __syncthreads();
        if (threadIdx.x < columns) {
            float *out = partial + (2ll * blockIdx.x + which) * channels + 8 * column;
#pragma unroll
            for (int i = 0; i < 8; i++) {
                float sum = 0;
                for (int row = 0; row < rows; row++) sum += sums[row * columns + column][i];
                out[i] = sum;
            }
        }
        __syncthreads();
    }
}

// Sums of x - x0 and of its squares, where x0 is a channel's first value, so that a large mean does not cancel a small
// variance.
extern "C" __global__ void moments(const number *x, long long count, int channels, float *partial) {
    const int columns = channels / 8, column = threadIdx.x % columns, rows = blockDim.x / columns;
    const Row origin = load(x + 8 * column);
    Row sum = {}, square = {};
    const long long step = (long long)gridDim.x * rows;
#pragma unroll 4
    for (long long row = (long long)blockIdx.x * rows + threadIdx.x / columns; row < count; row += step) {
        const Row value = load(x + row * channels + 8 * column);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float d = value.v[i] - origin.v[i];
            sum.v[i] += d;
            square.v[i] += d * d;
        }
    }
    write_partials(sum, square, channels, partial);
}

// Adds a channel's partial sums: each of 32 groups takes every 32nd block, then the first adds those of the others.
__device__ inline void gather(const float *partial, int blocks, int channels, int channel, double *first,
                              double *second) {
    __shared__ double a[32][33], b[32][33];
    const int lane = threadIdx.x, group = threadIdx.y;
    double x = 0, y = 0;
    if (channel < channels)
        for (int block = group; block < blocks; block += blockDim.y) {
            x += partial[2ll * block * channels + channel];
            y += partial[(2ll * block + 1) * channels + channel];
        }
    a[group][lane] = x;
    b[group][lane] = y;
    __syncthreads();
    if (group == 0)
        for (int other = 1; other < blockDim.y; other++) {
            x += a[other][lane];
            y += b[other][lane];
        }
    *first = x;
    *second = y;
}

// statistics: mean, 1 / standard deviation, scale and shift of each channel.
extern "C" __global__ void finish_moments(const float *partial, int blocks, const number *x, long long count,
                                          int channels, const float *weight, const float *bias, float *mean,
                                          float *variance, float momentum, float eps, float *statistics) {
    const int channel = blockIdx.x * 32 + threadIdx.x;
    double sum, square;
    gather(partial, blocks, channels, channel, &sum, &square);
    if (threadIdx.y != 0 || channel >= channels) return;
#if BF16
    const double origin = __uint_as_float((u32)x[channel] << 16);
#else
    const double origin = x[channel];
#endif
    const double offset = sum / count, centre = origin + offset;
    double spread = square - sum * offset;
    if (spread < 0) spread = 0;
    const double inverse = 1 / sqrt(spread / count + eps);
    statistics[channel] = centre;
    statistics[channels + channel] = inverse;
    statistics[2 * channels + channel] = weight[channel] * inverse;
    statistics[3 * channels + channel] = bias[channel] - centre * weight[channel] * inverse;
    mean[channel] = mean[channel] * (1 - momentum) + centre * momentum;
    variance[channel] = variance[channel] * (1 - momentum) + spread / (count - 1) * momentum;
}

extern "C" __global__ void apply(const number *x, const number *shortcut, long long count, int channels,
                                 const float *statistics, int relu, number *y) {
    const int columns = channels / 8, column = threadIdx.x % columns, rows = blockDim.x / columns;
    Row scale, shift;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        scale.v[i] = statistics[2 * channels + 8 * column + i];
        shift.v[i] = statistics[3 * channels + 8 * column + i];
    }
    const long long step = (long long)gridDim.x * rows;
#pragma unroll 4
    for (long long row = (long long)blockIdx.x * rows + threadIdx.x / columns; row < count; row += step) {
        const long long place = row * channels + 8 * column;
        Row value = load(x + place);
#pragma unroll
        for (int i = 0; i < 8; i++) value.v[i] = value.v[i] * scale.v[i] + shift.v[i];
        if (shortcut) {
            const Row other = load(shortcut + place);
#pragma unroll
            for (int i = 0; i < 8; i++) value.v[i] += other.v[i];
        }
        if (relu) {
#pragma unroll
            for (int i = 0; i < 8; i++) value.v[i] = value.v[i] > 0 || value.v[i] != value.v[i] ? value.v[i] : 0;
        }
        store(y + place, value);
    }
}

// Sums of g and of g (x - mean), where g is dy masked by ReLU: y > 0 or, without y, x scale + shift > 0. Stores g
// unless `masked` is NULL.
extern "C" __global__ void gradient_sums(const number *x, const number *dy, const number *y, long long count,
                                         int channels, const float *statistics, int relu, number *masked,
                                         float *partial) {
    const int columns = channels / 8, column = threadIdx.x % columns, rows = blockDim.x / columns;
    Row mean, scale, shift, sum = {}, product = {};
#pragma unroll
    for (int i = 0; i < 8; i++) {
        mean.v[i] = statistics[8 * column + i];
        scale.v[i] = statistics[2 * channels + 8 * column + i];
        shift.v[i] = statistics[3 * channels + 8 * column + i];
    }
    const long long step = (long long)gridDim.x * rows;
#pragma unroll 2
    for (long long row = (long long)blockIdx.x * rows + threadIdx.x / columns; row < count; row += step) {
        const long long place = row * channels + 8 * column;
        const Row value = load(x + place);
        Row gradient = load(dy + place);
        if (relu) {
            if (y) {
                const Row result = load(y + place);
#pragma unroll
                for (int i = 0; i < 8; i++) gradient.v[i] = result.v[i] > 0 ? gradient.v[i] : 0;
            } else {
#pragma unroll
                for (int i = 0; i < 8; i++)
                    gradient.v[i] = value.v[i] * scale.v[i] + shift.v[i] > 0 ? gradient.v[i] : 0;
            }
        }
        if (masked) store(masked + place, gradient);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            sum.v[i] += gradient.v[i];
            product.v[i] += gradient.v[i] * (value.v[i] - mean.v[i]);
        }
    }
    write_partials(sum, product, channels, partial);
}

// The gradients of weight and bias, and the factors of x - mean and offsets that the gradient of x needs.
extern "C" __global__ void finish_gradients(const float *partial, int blocks, long long count, int channels,
                                            const float *statistics, float *weight, float *bias, float *factors) {
    const int channel = blockIdx.x * 32 + threadIdx.x;
    double sum, product;
    gather(partial, blocks, channels, channel, &sum, &product);
    if (threadIdx.y != 0 || channel >= channels) return;
    const double inverse = statistics[channels + channel], scale = statistics[2 * channels + channel];
    weight[channel] = product * inverse;
    bias[channel] = sum;
    factors[channel] = -scale * inverse * inverse * product / count;
    factors[channels + channel] = -scale * sum / count;
}

// dx = scale g + factor (x - mean) + offset.
extern "C" __global__ void input_gradient(const number *x, const number *gradient, long long count, int channels,
                                          const float *statistics, const float *factors, int relu, number *dx) {
    const int columns = channels / 8, column = threadIdx.x % columns, rows = blockDim.x / columns;
    Row mean, scale, shift, factor, offset;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        mean.v[i] = statistics[8 * column + i];
        scale.v[i] = statistics[2 * channels + 8 * column + i];
        shift.v[i] = statistics[3 * channels + 8 * column + i];
        factor.v[i] = factors[8 * column + i];
        offset.v[i] = factors[channels + 8 * column + i];
    }
    const long long step = (long long)gridDim.x * rows;
#pragma unroll 2
    for (long long row = (long long)blockIdx.x * rows + threadIdx.x / columns; row < count; row += step) {
        const long long place = row * channels + 8 * column;
        const Row value = load(x + place);
        Row g = load(gradient + place);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            if (relu && !(value.v[i] * scale.v[i] + shift.v[i] > 0)) g.v[i] = 0;
            g.v[i] = scale.v[i] * g.v[i] + factor.v[i] * (value.v[i] - mean.v[i]) + offset.v[i];
        }
        store(dx + place, g);
    }
}
)cuda"
