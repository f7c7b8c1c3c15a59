// Batch norm in training fused with a residual addition and an activation: for float32 on the CPU, where memory
// bandwidth is the limit.
#include "kernels.h"
#include "norm_gpu.h"
#include "parallel.h"

#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Elements in a part of the work: enough to make the cost of starting it negligible, few enough for threads to finish
/// together. Neither parts nor sums depend on the number of threads.
constexpr int64_t part = 1 << 17;
constexpr int64_t most_parts = 128;

/// The memory layout of a tensor.
struct Layout {
    norm_shape all;
    at::MemoryFormat format;
    int64_t images, parts;

    explicit Layout(const at::Tensor &x)
        : format(x.is_contiguous() ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast) {
        const int64_t channels = x.size(1), size = x.numel() / x.size(0) / channels;
        const bool planes = format == at::MemoryFormat::Contiguous;
        all = planes ? norm_shape{x.size(0), channels, size} : norm_shape{x.size(0) * size, channels, 1};
        const int64_t wanted = std::max(part, (x.numel() + most_parts - 1) / most_parts);
        images = std::max<int64_t>(1, wanted / (all.channels * all.size));
        parts = (all.images + images - 1) / images;
    }

    norm_shape shape(int64_t index) const {
        return {std::min<int64_t>(images, all.images - index * images), all.channels, all.size};
    }
    int64_t offset(int64_t index) const { return index * images * all.channels * all.size; }
    /// The same tensor in this layout.
    at::Tensor like(const at::Tensor &other) const { return other.contiguous(format); }
};

struct FusedNorm : torch::autograd::Function<FusedNorm> {
    static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight, at::Tensor bias,
                              c10::optional<at::Tensor> shortcut, at::Tensor running_mean, at::Tensor running_variance,
                              int64_t activation, double momentum, double eps, int64_t pointer) {
        const auto &kernels = *reinterpret_cast<const compute_norm *>(pointer);
        const Layout layout(x);
        const int64_t channels = layout.all.channels;
        const double count = static_cast<double>(x.numel() / channels);
        std::vector<double> means(layout.parts * channels), squares(layout.parts * channels);
        parallel_for(layout.parts, [&](int64_t index) {
            kernels.moments(read(x) + layout.offset(index), layout.shape(index), &means[index * channels],
                            &squares[index * channels]);
        });
        // Mean, 1 / standard deviation, scale and shift.
        const auto statistics = at::empty({4, channels}, weight.options());
        float *mean = written(statistics), *inverse = mean + channels, *scale = inverse + channels,
              *shift = scale + channels;
        for (int64_t channel = 0; channel < channels; channel++) {
            double seen = 0, centre = 0, spread = 0;
            for (int64_t index = 0; index < layout.parts; index++) {
                const auto shape = layout.shape(index);
                const double more = static_cast<double>(shape.images * shape.size), together = seen + more;
                const double distance = means[index * channels + channel] - centre;
                centre += distance * more / together;
                spread += squares[index * channels + channel] + distance * distance * seen * more / together;
                seen = together;
            }
            const double deviation = std::sqrt(spread / count + eps);
            mean[channel] = static_cast<float>(centre);
            inverse[channel] = static_cast<float>(1 / deviation);
            scale[channel] = static_cast<float>(read(weight)[channel] / deviation);
            shift[channel] = static_cast<float>(read(bias)[channel] - centre * read(weight)[channel] / deviation);
            auto move = [&](const at::Tensor &running, double value) {
                float &number = written(running)[channel];
                number = static_cast<float>(number * (1 - momentum) + value * momentum);
            };
            move(running_mean, centre);
            move(running_variance, spread / (count - 1));
        }
        const auto added = shortcut ? layout.like(*shortcut) : at::Tensor();
        auto y = at::empty_like(x);
        parallel_for(layout.parts, [&](int64_t index) {
            const auto offset = layout.offset(index);
            kernels.forward(read(x) + offset, added.defined() ? read(added) + offset : nullptr, layout.shape(index),
                            scale, shift, compute_activation(activation), written(y) + offset);
        });
        const bool keeps = activation != COMPUTE_LINEAR && added.defined();
        context->save_for_backward({x, statistics, keeps ? y : at::Tensor()});
        context->saved_data["activation"] = activation;
        context->saved_data["kernels"] = pointer;
        context->saved_data["adds"] = added.defined();
        return y;
    }

    // With g the part of dy that passes the activation, and xhat = (x - mean) / sd: d bias = sum(g), d weight = sum(g
    // xhat), dx = weight / sd (g - sum(g) / n - xhat sum(g xhat) / n), d shortcut = g.
    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &statistics = saved[1], &y = saved[2];
        const auto &kernels = *reinterpret_cast<const compute_norm *>(context->saved_data["kernels"].toInt());
        const norm_mask mask = {compute_activation(context->saved_data["activation"].toInt()),
                                y.defined() ? NORM_FROM_OUTPUT : NORM_FROM_INPUT};
        const Layout layout(x);
        const int64_t channels = layout.all.channels;
        const double count = static_cast<double>(x.numel() / channels);
        const float *mean = read(statistics), *inverse = mean + channels, *scale = inverse + channels,
                    *shift = scale + channels;
        const auto dy = layout.like(gradients[0]);
        const auto through = y.defined() ? at::empty_like(x) : dy;
        std::vector<double> sums(layout.parts * channels), products(layout.parts * channels);
        parallel_for(layout.parts, [&](int64_t index) {
            const auto offset = layout.offset(index);
            kernels.sums(read(x) + offset, read(dy) + offset, y.defined() ? read(y) + offset : nullptr,
                         layout.shape(index), mask, mean, scale, shift, written(through) + offset,
                         &sums[index * channels], &products[index * channels]);
        });
        auto d_weight = at::empty({channels}, statistics.options()),
             d_bias = at::empty({channels}, statistics.options());
        std::vector<float> slope(channels), offsets(channels);
        for (int64_t channel = 0; channel < channels; channel++) {
            double sum = 0, product = 0;
            for (int64_t index = 0; index < layout.parts; index++) {
                sum += sums[index * channels + channel];
                product += products[index * channels + channel];
            }
            const double inverted = inverse[channel], factor = scale[channel];
            written(d_weight)[channel] = static_cast<float>(product * inverted);
            written(d_bias)[channel] = static_cast<float>(sum);
            slope[channel] = static_cast<float>(-factor * inverted * inverted * product / count);
            offsets[channel] = static_cast<float>(-factor * sum / count);
        }
        auto dx = at::empty_like(x);
        parallel_for(layout.parts, [&](int64_t index) {
            const auto offset = layout.offset(index);
            kernels.backward(read(x) + offset, read(through) + offset, layout.shape(index), mask, mean, scale, shift,
                             slope.data(), offsets.data(), written(dx) + offset);
        });
        const auto passed = context->saved_data["adds"].toBool() ? through : at::Tensor();
        return {dx, d_weight, d_bias, passed, {}, {}, {}, {}, {}, {}};
    }
};

/// Whether the memory layout suits the kernels.
bool usable(const at::Tensor &x, const c10::optional<at::Tensor> &shortcut,
            std::initializer_list<at::Tensor> coefficients) {
    auto floats = [](const at::Tensor &t) { return t.is_cpu() && t.scalar_type() == at::kFloat && !t.is_sparse(); };
    if (!floats(x) || (x.dim() != 2 && x.dim() != 4) || x.numel() == 0) return false;
    if (!x.is_contiguous() && !(x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast))) return false;
    if (shortcut && !(floats(*shortcut) && shortcut->sizes() == x.sizes())) return false;
    return std::all_of(coefficients.begin(), coefficients.end(), [&](const at::Tensor &t) {
        return floats(t) && t.is_contiguous() && t.dim() == 1 && t.size(0) == x.size(1);
    });
}

} // namespace

ctorch_status ctorch_batch_norm_fused(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean,
                                      ctorch_tensor variance, ctorch_tensor shortcut, ctorch_activation activation,
                                      double momentum, double eps, ctorch_kernels kernels, ctorch_tensor *out) {
    return guard([&] {
        const auto added = optional(shortcut);
        const auto &input = x->tensor;
        const auto *own = chosen(kernels);
        // libtorch itself would divide by n - 1 = 0 and leave NaN in the running variance.
        TORCH_CHECK(input.dim() < 2 || input.numel() > input.size(1),
                    "expected more than one value per channel in training, got an input of size ", input.sizes());
        if (own && usable(input, added, {weight->tensor, bias->tensor, mean->tensor, variance->tensor})) {
            *out = wrap(FusedNorm::apply(input, weight->tensor, bias->tensor, added, mean->tensor, variance->tensor,
                                         int64_t(kernel_activation(activation)), momentum, eps,
                                         reinterpret_cast<int64_t>(&own->norm)));
            return;
        }
        const bool relu = activation == CTORCH_RELU_AFTER;
        const NormInput given{input, weight->tensor, bias->tensor, added, mean->tensor, variance->tensor,
                              relu,  momentum,       eps};
        if (own && gpu_norm_serves(given)) {
            const auto y = gpu_norm(given);
            *out = wrap(relu ? y : activated(y, activation));
            return;
        }
        auto y = at::batch_norm(input, weight->tensor, bias->tensor, mean->tensor, variance->tensor, true, momentum,
                                eps, false);
        if (added) y = y + *added;
        *out = wrap(activated(y, activation));
    });
}
