// Layers.
#include "depthwise.h"
#include "winograd.h"

#include <c10/core/GradMode.h>
#include <cmath>
#include <limits>
#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Every `stride`-th row and column, in the same memory layout; the gradient is 0 at the others.
struct Thinned : torch::autograd::Function<Thinned> {
    static at::Tensor thin(const at::Tensor &x, int64_t stride) {
        return x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride);
    }

    static at::Tensor forward(AutogradContext *context, at::Tensor x, int64_t stride) {
        const auto format = x.suggest_memory_format();
        context->saved_data["sizes"] = x.sizes();
        context->saved_data["stride"] = stride;
        context->saved_data["format"] = static_cast<int64_t>(format);
        return thin(x, stride).contiguous(format);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto format = static_cast<at::MemoryFormat>(context->saved_data["format"].toInt());
        const auto sizes = context->saved_data["sizes"].toIntVector();
        auto dx = at::empty(sizes, gradients[0].options().memory_format(format)).zero_();
        thin(dx, context->saved_data["stride"].toInt()).copy_(gradients[0]);
        return {dx, {}};
    }
};

/// libtorch's convolution. A 1x1 convolution with a stride is computed as one without a stride on fewer pixels: with
/// channels innermost, oneDNN writes gradients past the end of their memory if there are fewer channels than lanes in a
/// vector (seen in libtorch 1.13.1 and 2.13.0).
at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t stride,
                       int64_t padding, int64_t groups) {
    const bool thins = stride > 1 && padding == 0 && x.is_cpu() && x.dim() == 4 && weight.dim() == 4 &&
                       weight.size(2) == 1 && weight.size(3) == 1;
    return at::conv2d(thins ? Thinned::apply(x, stride) : x, weight, bias, thins ? 1 : stride, padding, 1, groups);
}

/// The sum of the bits of each row's numbers.
at::Tensor bits(const at::Tensor &x) {
    return x.detach().to(at::kFloat).contiguous().view(at::kInt).reshape({x.size(0), -1}).sum(1);
}

/// Products modulo this prime fit int64.
constexpr int64_t prime = 2147483647;

/// Numbers in 0..<prime; similar keys give unrelated numbers.
at::Tensor mixed(const at::Tensor &keys) {
    const auto first = keys.remainder(prime).mul(48271).remainder(prime);
    const auto second = first.mul(first).add(first).remainder(prime).mul(69621).remainder(prime);
    return second.mul(second).add(second).remainder(prime);
}

} // namespace

ctorch_status ctorch_image_keys(ctorch_tensor images, ctorch_tensor weights, ctorch_tensor *out) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        const auto state = mixed(bits(weights->tensor.reshape({1, -1})));
        *out = wrap(mixed(bits(images->tensor)).add(state));
    });
}

ctorch_status ctorch_drop_path(ctorch_tensor x, ctorch_tensor keys, int64_t branch, double probability,
                               ctorch_tensor *out) {
    return guard([&] {
        at::Tensor factors;
        {
            c10::NoGradGuard no_grad;
            const auto drawn = mixed(keys->tensor.add(branch * 1000003)).to(at::kDouble).div(double(prime));
            factors = drawn.ge(probability).to(x->tensor.scalar_type()).div(1 - probability);
        }
        std::vector<int64_t> shape(x->tensor.dim(), 1);
        shape[0] = -1;
        *out = wrap(x->tensor * factors.reshape(shape));
    });
}

ctorch_status ctorch_conv2d(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, int64_t stride, int64_t padding,
                            int64_t groups, ctorch_kernels kernels, ctorch_tensor *out) {
    return guard([&] {
        const auto *own = chosen(kernels);
        const bool fits =
            stride == 1 && padding == 1 && groups == 1 && !bias && winograd_suits(x->tensor, weight->tensor);
        const auto added = bias ? bias->tensor : at::Tensor();
        if (own && fits)
            *out = wrap(winograd(x->tensor, weight->tensor, *own));
        else if (own && depthwise_suits(x->tensor, weight->tensor, stride, padding, groups))
            *out = wrap(depthwise(x->tensor, weight->tensor, added, stride, *own));
        else
            *out = wrap(convolution(x->tensor, weight->tensor, added, stride, padding, groups));
        count((*out)->tensor.numel() * (weight->tensor.numel() / weight->tensor.size(0)));
    });
}

ctorch_status ctorch_conv2d_filters(ctorch_tensor weight, ctorch_kernels kernels, ctorch_tensor *out) {
    return guard([&] {
        const auto *own = chosen(kernels);
        *out = own && winograd_suits(weight->tensor) ? wrap(winograd_filters(weight->tensor, *own)) : nullptr;
    });
}

ctorch_status ctorch_conv2d_inference(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor filters, ctorch_tensor bias,
                                      ctorch_tensor shortcut, ctorch_activation activation, int64_t stride,
                                      int64_t padding, int64_t groups, ctorch_kernels kernels, ctorch_tensor *out) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        const auto *own = chosen(kernels);
        if (own && filters && stride == 1 && padding == 1 && groups == 1 &&
            winograd_suits(x->tensor, weight->tensor)) {
            *out = wrap(winograd_inference(x->tensor, weight->tensor, filters->tensor, bias->tensor,
                                          shortcut ? shortcut->tensor : at::Tensor(),
                                          kernel_activation(activation), *own));
        } else {
            auto y = convolution(x->tensor, weight->tensor, bias->tensor, stride, padding, groups);
            TORCH_CHECK(!shortcut || shortcut->tensor.sizes() == y.sizes(), "expected a shortcut of size ", y.sizes());
            if (shortcut) y.add_(shortcut->tensor);
            *out = wrap(activated(y, activation));
        }
        count((*out)->tensor.numel() * (weight->tensor.numel() / weight->tensor.size(0)));
    });
}

ctorch_status ctorch_batch_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean,
                                ctorch_tensor variance, bool training, double momentum, double eps,
                                ctorch_tensor *out) {
    return guard([&] {
        const auto &shape = x->tensor.sizes();
        // libtorch itself would divide by n - 1 = 0 and leave NaN in the running variance.
        TORCH_CHECK(!training || shape.size() < 2 || x->tensor.numel() > shape[1],
                    "expected more than one value per channel in training, got an input of size ", shape);
        *out = wrap(at::batch_norm(x->tensor, weight->tensor, bias->tensor, mean->tensor, variance->tensor, training,
                                   momentum, eps, false));
    });
}

ctorch_status ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::linear(x->tensor, weight->tensor, optional(bias)));
        count((*out)->tensor.numel() * weight->tensor.size(1));
    });
}

ctorch_status ctorch_max_pool2d(ctorch_tensor x, int64_t kernel, int64_t stride, int64_t padding, ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::max_pool2d(x->tensor, {kernel, kernel}, {stride, stride}, {padding, padding}));
    });
}

ctorch_status ctorch_layer_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, double eps,
                                ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::layer_norm(x->tensor, {weight->tensor.size(0)}, weight->tensor, bias->tensor, eps));
    });
}

ctorch_status ctorch_embedding(ctorch_tensor weight, ctorch_tensor indices, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::embedding(weight->tensor, indices->tensor)); });
}

// Products and a softmax: libtorch's fused attention has no gradient on the CPU before 2.2, and none at all in 1.13.
ctorch_status ctorch_attention(ctorch_tensor qkv, int64_t heads, bool causal, ctorch_tensor *out) {
    return guard([&] {
        const auto &x = qkv->tensor;
        TORCH_CHECK(x.dim() == 3, "expected [N, L, 3 W], got ", x.sizes());
        const auto rows = x.size(0), length = x.size(1), width = x.size(2) / 3;
        TORCH_CHECK(heads > 0 && width % heads == 0 && width * 3 == x.size(2), heads, " heads do not divide ",
                    x.sizes());
        const auto parts = x.reshape({rows, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
        // The queries are scaled, being smaller than the scores.
        const auto queries = parts[0] / std::sqrt(static_cast<double>(width / heads));
        auto scores = at::matmul(queries, parts[1].transpose(-2, -1));
        if (causal) {
            const auto later = at::ones({length, length}, scores.options().dtype(at::kBool)).triu(1);
            scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
        }
        const auto mixed = at::matmul(scores.softmax(-1), parts[2]);
        count(2 * rows * length * length * width);
        *out = wrap(mixed.transpose(1, 2).reshape({rows, length, width}));
    });
}
