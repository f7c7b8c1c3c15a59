// Depthwise convolutions whose gradients libtorch is slow at.
#pragma once
#include "kernels.h"

namespace ctorch {

/// Whether `depthwise` computes this convolution.
bool depthwise_suits(const at::Tensor &x, const at::Tensor &w, int64_t stride, int64_t padding, int64_t groups);
/// The convolution plus a bias if it is defined, with its gradients.
at::Tensor depthwise(const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias, int64_t stride,
                     const compute_kernels &kernels);

} // namespace ctorch
