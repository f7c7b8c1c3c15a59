// Layers.
#include "shim.h"

using namespace ctorch;

ctorch_status ctorch_conv2d(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, int64_t stride, int64_t padding,
                            ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::conv2d(x->tensor, weight->tensor, optional(bias), {stride, stride}, {padding, padding}));
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
    return guard([&] { *out = wrap(at::linear(x->tensor, weight->tensor, optional(bias))); });
}

ctorch_status ctorch_max_pool2d(ctorch_tensor x, int64_t kernel, int64_t stride, int64_t padding, ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::max_pool2d(x->tensor, {kernel, kernel}, {stride, stride}, {padding, padding}));
    });
}
