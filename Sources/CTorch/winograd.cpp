// 3x3 convolutions with stride 1 by transforms that need a quarter of the multiplications, with their gradients:
// float32 on the CPU, channels innermost. Their relative error, 1e-6, is about five times that of the plain sum.
#include "winograd.h"
#include "parallel.h"

#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

constexpr int64_t elements = WINOGRAD_ELEMENTS;
/// The largest product of channel numbers that counts as few, and the number of parts in which tiles are then summed.
constexpr int64_t few = 48 * 48, several = 16;
/// Products of tiles that are summed at once in float32.
constexpr int64_t run = 128;

/// Memory that is not initialised, at a cache line's start.
struct Block {
    float *data;
    explicit Block(int64_t count) : data(static_cast<float *>(std::aligned_alloc(64, (count * 4 + 63) / 64 * 64))) {
        if (!data) throw std::bad_alloc();
    }
    ~Block() { std::free(data); }
    Block(const Block &) = delete;
};

/// The kernels of the highest level, at most that of the transforms, whose panels divide `width` columns.
const compute_tiles &multiplier(const compute_kernels &transforms, int64_t width) {
    for (int level = transforms.level; level > COMPUTE_ANY; level--) {
        const auto *kernels = compute_at(compute_level(level));
        if (kernels && width % kernels->tiles.columns == 0) return kernels->tiles;
    }
    return compute_at(COMPUTE_ANY)->tiles;
}

struct Shape {
    winograd_images x, y;
    int64_t tiles, inputs, outputs;

    Shape(const at::Tensor &images, int64_t inputs, int64_t outputs) : inputs(inputs), outputs(outputs) {
        x = {images.size(0), images.size(2), images.size(3), inputs};
        y = {x.images, x.height, x.width, outputs};
        tiles = x.images * ((x.height + 3) / 4) * ((x.width + 3) / 4);
    }
};

/// The memory of filters `[outputs, inputs, 3, 3]`, for the convolution or, with `back`, for that of its gradient.
struct Filters {
    const float *data;
    intptr_t strides[4];

    Filters(const at::Tensor &w, bool back) : data(read(w)) {
        const auto s = w.strides();
        strides[0] = back ? s[0] : s[1];
        strides[1] = back ? s[1] : s[0];
        strides[2] = back ? -s[2] : s[2];
        strides[3] = back ? -s[3] : s[3];
        if (back) data += 2 * s[2] + 2 * s[3];
    }
};

/// The numbers of one element of transformed filters: an odd number of cache lines, so that elements do not share cache
/// sets.
int64_t element_size(int64_t inputs, int64_t outputs) { return inputs * outputs + 16; }

/// The transforms of filters, `elements * element_size` numbers.
void transform(const compute_kernels &transforms, const Filters &filters, int64_t inputs, int64_t outputs, float *u) {
    const auto &products = multiplier(transforms, outputs);
    parallel_for(inputs / 16, [&](int64_t part) {
        transforms.winograd.filters(filters.data, filters.strides, part * 16, 16, inputs, outputs, products.columns, u,
                           element_size(inputs, outputs));
    });
}

/// The convolution of `x` to `y` by transformed filters.
void multiply(const compute_kernels &transforms, const at::Tensor &x, const float *u, const Shape &shape,
              winograd_epilogue epilogue, const at::Tensor &y) {
    const auto &products = multiplier(transforms, shape.outputs);
    const int64_t inputs = shape.inputs, outputs = shape.outputs, size = element_size(inputs, outputs);
    // As many tiles at once as the second cache holds, but enough to make reading the filters worthwhile; and some for
    // each thread.
    int64_t most = std::max<int64_t>(150000 / (elements * (inputs + outputs)), inputs * outputs < 1 << 14 ? 24 : 48);
    most = std::min<int64_t>(most, shape.tiles / (2 * at::get_num_threads()) + 1);
    const int64_t batch = rounded_up(most, products.rows);
    const int64_t x_stride = batch * inputs + 16, y_stride = batch * outputs + 16;
    const int64_t parts = (shape.tiles + batch - 1) / batch;
    parallel_for(parts, [&](int64_t part) {
        const int64_t first = part * batch, count = std::min(batch, shape.tiles - first);
        Block v(elements * x_stride), m(elements * y_stride);
        transforms.winograd.input(read(x), shape.x, first, count, v.data, x_stride);
        for (int64_t element = 0; element < elements; element++)
            products.multiply(v.data + element * x_stride, inputs, 1, count, u + element * size,
                              inputs * products.columns, outputs, inputs, m.data + element * y_stride, outputs, 0);
        transforms.winograd.output(m.data, y_stride, outputs, shape.y, first, count, epilogue, written(y));
    });
}

/// The convolution of `x` to `y`, or, with filters turned around, its gradient's.
void convolve(const compute_kernels &transforms, const at::Tensor &x, const Filters &filters, const Shape &shape,
              const at::Tensor &y) {
    Block u(elements * element_size(shape.inputs, shape.outputs));
    transform(transforms, filters, shape.inputs, shape.outputs, u.data);
    multiply(transforms, x, u.data, shape, {}, y);
}

/// The filters' gradient.
void filter_gradient(const compute_kernels &transforms, const at::Tensor &x, const at::Tensor &dy, const Shape &shape,
                     const at::Tensor &dw) {
    const auto &products = multiplier(transforms, shape.outputs);
    const int64_t inputs = shape.inputs, outputs = shape.outputs,
                  size = rounded_up(inputs, products.rows) * outputs + 16;
    const auto transform = [&](int64_t first, int64_t count, int64_t offset, int64_t all, float *v, int64_t x_stride,
                               float *d, int64_t y_stride) {
        transforms.winograd.input(read(x), shape.x, first, count, v + offset * inputs, x_stride);
        transforms.winograd.output_gradient(read(dy), shape.y, first, count, d, y_stride, all, offset,
                                            products.columns);
    };
    const auto multiply = [&](int64_t element, int64_t count, const float *v, int64_t x_stride, const float *d,
                              int64_t y_stride, float *u, bool add) {
        // In short runs, which have smaller rounding errors.
        for (int64_t first = 0; first < count; first += run)
            products.multiply(v + element * x_stride + first * inputs, 1, inputs, inputs,
                              d + element * y_stride + first * products.columns, count * products.columns, outputs,
                              std::min(run, count - first), u + element * size, outputs, add || first > 0);
    };
    // Sums are taken in parts that do not depend on the number of threads.
    Block u(elements * size * (inputs * outputs <= few ? several : 1));
    if (inputs * outputs <= few) {
        // Few channels and many tiles: parts with separate sums, each in a core's cache.
        const int64_t batch = 150000 / (elements * (inputs + outputs)), x_stride = batch * inputs + 16,
                      y_stride = batch * outputs + 16, share = (shape.tiles + several - 1) / several;
        parallel_for(several, [&](int64_t part) {
            Block v(elements * x_stride + 16), d(elements * y_stride);
            float *own = u.data + part * elements * size;
            const int64_t end = std::min(shape.tiles, (part + 1) * share);
            if (part * share >= end) std::fill(own, own + elements * size, 0.0f);
            for (int64_t first = part * share; first < end; first += batch) {
                const int64_t count = std::min(batch, end - first);
                transform(first, count, 0, count, v.data, x_stride, d.data, y_stride);
                for (int64_t element = 0; element < elements; element++)
                    multiply(element, count, v.data, x_stride, d.data, y_stride, own, first > part * share);
            }
        });
        for (int64_t part = 1; part < several; part++)
            for (int64_t place = 0; place < elements * size; place++)
                u.data[place] += u.data[part * elements * size + place];
    } else {
        // As many tiles at once as the third cache holds; then threads share the elements.
        const int64_t batch = std::min<int64_t>(shape.tiles, std::max<int64_t>(128, (1 << 16) / (inputs + outputs)));
        const int64_t x_stride = batch * inputs + 16, y_stride = batch * outputs + 16;
        Block v(elements * x_stride + 16), d(elements * y_stride);
        for (int64_t first = 0; first < shape.tiles; first += batch) {
            const int64_t count = std::min(batch, shape.tiles - first), share = 16;
            parallel_for((count + share - 1) / share, [&](int64_t part) {
                const int64_t begin = part * share;
                transform(first + begin, std::min(share, count - begin), begin, count, v.data, x_stride, d.data,
                          y_stride);
            });
            parallel_for(elements, [&](int64_t element) {
                multiply(element, count, v.data, x_stride, d.data, y_stride, u.data, first > 0);
            });
        }
    }
    const Filters filters(dw, false);
    parallel_for(inputs / 16, [&](int64_t part) {
        transforms.winograd.filter_gradient(u.data, size, outputs, filters.strides, part * 16, 16, outputs,
                                            written(dw));
    });
}

constexpr auto innermost = at::MemoryFormat::ChannelsLast;

bool floats(const at::Tensor &t) { return t.is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 4; }

struct Winograd : torch::autograd::Function<Winograd> {
    static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor w, int64_t pointer) {
        const auto &transforms = *reinterpret_cast<const compute_kernels *>(pointer);
        const Shape shape(x, w.size(1), w.size(0));
        auto y = at::empty({x.size(0), w.size(0), x.size(2), x.size(3)}, x.options().memory_format(innermost));
        convolve(transforms, x, Filters(w, false), shape, y);
        context->save_for_backward({x, w});
        context->saved_data["kernels"] = pointer;
        return y;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &w = saved[1];
        const auto &transforms = *reinterpret_cast<const compute_kernels *>(context->saved_data["kernels"].toInt());
        const auto dy = gradients[0].contiguous(innermost);
        at::Tensor dx, dw;
        if (context->needs_input_grad(0)) {
            dx = at::empty_like(x);
            convolve(transforms, dy, Filters(w, true), Shape(x, w.size(0), w.size(1)), dx);
        }
        if (context->needs_input_grad(1)) {
            dw = at::empty_like(w);
            filter_gradient(transforms, x, dy, Shape(x, w.size(1), w.size(0)), dw);
        }
        return {dx, dw, {}};
    }
};

} // namespace

namespace ctorch {

bool winograd_suits(const at::Tensor &w) {
    if (!floats(w) || w.size(2) != 3 || w.size(3) != 3) return false;
    return w.size(0) % 16 == 0 && w.size(1) % 16 == 0 && w.numel() > 0 && std::max(w.size(0), w.size(1)) <= 4096 &&
           w.is_non_overlapping_and_dense();
}

bool winograd_suits(const at::Tensor &x, const at::Tensor &w) {
    if (!winograd_suits(w) || !floats(x) || x.numel() == 0 || x.size(1) != w.size(1)) return false;
    if (!x.is_contiguous(innermost)) return false;
    // Where libtorch rounds convolutions to fewer bits, it computes them.
    if (!c10::impl::tls_is_dispatch_key_excluded(c10::DispatchKey::AutocastCPU)) return false;
    // Fewer tiles do not pay for the filters' transforms; smaller pictures are mostly border.
    const int64_t tiles = x.size(0) * ((x.size(2) + 3) / 4) * ((x.size(3) + 3) / 4);
    return tiles >= 16 && x.size(2) >= 3 && x.size(3) >= 3;
}

at::Tensor winograd(const at::Tensor &x, const at::Tensor &w, const compute_kernels &kernels) {
    return Winograd::apply(x, w, reinterpret_cast<int64_t>(&kernels));
}

at::Tensor winograd_filters(const at::Tensor &w, const compute_kernels &kernels) {
    auto u = at::empty({elements * element_size(w.size(1), w.size(0))}, w.options());
    transform(kernels, Filters(w, false), w.size(1), w.size(0), written(u));
    return u;
}

at::Tensor winograd_inference(const at::Tensor &x, const at::Tensor &w, const at::Tensor &u, const at::Tensor &bias,
                             const at::Tensor &shortcut, compute_activation activation,
                             const compute_kernels &kernels) {
    const auto y = at::empty({x.size(0), w.size(0), x.size(2), x.size(3)}, x.options().memory_format(innermost));
    auto check = [](const at::Tensor &t, at::IntArrayRef sizes) {
        TORCH_CHECK(t.is_cpu() && t.scalar_type() == at::kFloat && t.sizes() == sizes, "expected float32 of size ",
                    sizes, " on the CPU, got ", t.toString(), " of size ", t.sizes());
    };
    // The filters' transforms are of this size with any kernels.
    TORCH_CHECK(u.numel() == elements * element_size(w.size(1), w.size(0)), "these are other filters' transforms");
    check(bias, {w.size(0)});
    const auto offsets = bias.contiguous();
    at::Tensor added;
    if (shortcut.defined()) {
        check(shortcut, y.sizes());
        added = shortcut.contiguous(innermost);
    }
    const winograd_epilogue epilogue = {read(offsets), added.defined() ? read(added) : nullptr, activation};
    multiply(kernels, x, read(u), Shape(x, w.size(1), w.size(0)), epilogue, y);
    return y;
}

} // namespace ctorch
