// Batch norm in training fused with a residual addition and ReLU, on a GPU.
#pragma once
#include "shim.h"

namespace ctorch {

/// What a fused batch norm is given.
struct NormInput {
    at::Tensor x, weight, bias;
    c10::optional<at::Tensor> shortcut;
    at::Tensor running_mean, running_variance;
    bool relu;
    double momentum, eps;
};

/// Whether the kernels serve this: bfloat16 or float32 with the channels innermost, in a number that fills a block's
/// threads.
bool gpu_norm_serves(const NormInput &input);
/// `relu(weight (x - mean) / deviation + bias + shortcut)` with its gradient; moves the running statistics.
at::Tensor gpu_norm(const NormInput &input);
/// Whether the kernels can be compiled for a device and loaded.
bool gpu_norm_available(c10::Device device);

} // namespace ctorch
