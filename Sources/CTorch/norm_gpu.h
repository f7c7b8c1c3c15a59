// Batch norm in training fused with a residual addition and ReLU, on a GPU.
#pragma once
#include "shim.h"

namespace ctorch {

/// The arguments of a fused batch norm.
struct NormInput {
    at::Tensor x, weight, bias;
    c10::optional<at::Tensor> shortcut;
    at::Tensor running_mean, running_variance;
    bool relu;
    double momentum, eps;
};

/// Whether the kernels support this input: bfloat16 or float32 with channels innermost, and a number of channels that
/// fills a block's threads.
bool gpu_norm_serves(const NormInput &input);
/// `relu(weight (x - mean) / sd + bias + shortcut)` with its gradient; updates the running statistics.
at::Tensor gpu_norm(const NormInput &input);
/// Whether the kernels can be compiled for a device and loaded.
bool gpu_norm_available(c10::Device device);

} // namespace ctorch
