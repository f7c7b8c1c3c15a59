// Depthwise convolutions, channels innermost, whose gradients libtorch is slow at: that of the images with a stride (8
// times), and that of weights of more than 3x3 (7 to 10 times; libtorch 1.13 and 2.13 alike, AVX-512). The rest is
// libtorch's own.
#include "depthwise.h"
#include "parallel.h"

#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

constexpr auto innermost = at::MemoryFormat::ChannelsLast;

/// Parts in which the weights' gradient is summed, whatever the number of threads.
constexpr int64_t several = 16;

/// The kernels of the highest level, at most the one given, that take this number of channels; NULL for none.
const compute_depthwise *kernels_for(const compute_kernels &kernels, int64_t channels) {
    for (int level = kernels.level; level >= COMPUTE_ANY; level--) {
        const auto *found = compute_at(compute_level(level));
        if (found && channels % found->depthwise.channels == 0) return &found->depthwise;
    }
    return nullptr;
}

depthwise_shape shape_of(const at::Tensor &x, const at::Tensor &w, int64_t stride) {
    return {x.size(0), x.size(2), x.size(3), x.size(1), w.size(2), stride};
}

/// Calls `body(first, count)` for parts of rows.
template <typename Body> void by_rows(int64_t rows, int64_t parts, const Body &body) {
    const int64_t share = (rows + parts - 1) / parts;
    parallel_for((rows + share - 1) / share, [&](int64_t part) {
        body(part, part * share, std::min(share, rows - part * share));
    });
}

at::Tensor input_gradient(const compute_depthwise &kernels, const at::Tensor &x, const at::Tensor &w,
                          const at::Tensor &dy, int64_t stride) {
    const auto shape = shape_of(x, w, stride);
    auto dx = at::empty_like(x);
    // [kernel][kernel][channels].
    const auto weights = w.reshape({w.size(0), -1}).t().contiguous();
    const int64_t rows = shape.images * shape.height;
    by_rows(rows, 8 * at::get_num_threads(), [&](int64_t, int64_t first, int64_t count) {
        kernels.input_gradient(read(dy), read(weights), shape, first, count, written(dx));
    });
    return dx;
}

at::Tensor weight_gradient(const compute_depthwise &kernels, const at::Tensor &x, const at::Tensor &w,
                           const at::Tensor &dy, int64_t stride) {
    const auto shape = shape_of(x, w, stride);
    const int64_t size = w.numel();
    std::vector<double> sums(several * size);
    by_rows(dy.size(0) * dy.size(2), several, [&](int64_t part, int64_t first, int64_t count) {
        kernels.weight_gradient(read(x), read(dy), shape, first, count, &sums[part * size]);
    });
    auto flat = at::empty({size / w.size(0), w.size(0)}, w.options());
    for (int64_t place = 0; place < size; place++) {
        double sum = 0;
        for (int64_t part = 0; part < several; part++) sum += sums[part * size + place];
        written(flat)[place] = static_cast<float>(sum);
    }
    return flat.t().reshape(w.sizes());
}

struct Depthwise : torch::autograd::Function<Depthwise> {
    static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor w, c10::optional<at::Tensor> bias,
                              int64_t stride, int64_t pointer) {
        context->save_for_backward({x, w});
        context->saved_data["stride"] = stride;
        context->saved_data["kernels"] = pointer;
        context->saved_data["bias"] = bias.has_value();
        return at::conv2d(x, w, bias, stride, w.size(2) / 2, 1, w.size(0));
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &w = saved[1];
        const auto &kernels = *reinterpret_cast<const compute_kernels *>(context->saved_data["kernels"].toInt());
        const int64_t stride = context->saved_data["stride"].toInt(), padding = w.size(2) / 2;
        const auto *own = kernels_for(kernels, x.size(1));
        const auto dy = gradients[0].contiguous(innermost);
        const bool wants_dx = context->needs_input_grad(0), wants_dw = context->needs_input_grad(1);
        const bool own_dx = wants_dx && stride > 1, own_dw = wants_dw && w.size(2) > 3;
        at::Tensor dx, dw, db;
        if (own_dx) dx = input_gradient(*own, x, w, dy, stride);
        if (own_dw) dw = weight_gradient(*own, x, w, dy, stride);
        if ((wants_dx && !own_dx) || (wants_dw && !own_dw)) {
            const auto rest =
                at::convolution_backward(dy, x, w, {}, {stride, stride}, {padding, padding}, {1, 1}, false, {0, 0},
                                         w.size(0), {wants_dx && !own_dx, wants_dw && !own_dw, false});
            if (wants_dx && !own_dx) dx = std::get<0>(rest);
            if (wants_dw && !own_dw) dw = std::get<1>(rest);
        }
        if (context->saved_data["bias"].toBool()) db = dy.sum(at::IntArrayRef{0, 2, 3});
        return {dx, dw, db, {}, {}};
    }
};

} // namespace

namespace ctorch {

bool depthwise_suits(const at::Tensor &x, const at::Tensor &w, int64_t stride, int64_t padding, int64_t groups) {
    auto floats = [](const at::Tensor &t) { return t.is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 4; };
    if (!floats(x) || !floats(w) || x.numel() == 0 || w.size(1) != 1) return false;
    if (groups != x.size(1) || groups != w.size(0) || groups % 4 != 0 || !x.is_contiguous(innermost)) return false;
    const int64_t kernel = w.size(2);
    if (w.size(3) != kernel || kernel % 2 == 0 || kernel > 7 || padding != kernel / 2) return false;
    if (stride < 1 || (stride == 1 && kernel <= 3)) return false;
    // Where libtorch rounds convolutions to fewer bits, it computes them.
    return c10::impl::tls_is_dispatch_key_excluded(c10::DispatchKey::AutocastCPU);
}

at::Tensor depthwise(const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias, int64_t stride,
                     const compute_kernels &kernels) {
    const auto added = bias.defined() ? c10::optional<at::Tensor>(bias) : c10::nullopt;
    return Depthwise::apply(x, w, added, stride, reinterpret_cast<int64_t>(&kernels));
}

} // namespace ctorch
