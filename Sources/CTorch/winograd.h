// 3x3 convolutions with stride 1 and padding 1 by fewer multiplications.
#pragma once
#include "shim.h"

namespace ctorch {

/// Whether filters have transforms.
bool winogradSuits(const at::Tensor &w);
/// Whether `winograd` computes this convolution.
bool winogradSuits(const at::Tensor &x, const at::Tensor &w);
/// The convolution, with its gradients, by the kernels of a name; NULL for the fastest.
at::Tensor winograd(const at::Tensor &x, const at::Tensor &w, const char *kernels);
/// The transforms of filters that suit.
at::Tensor winogradFilters(const at::Tensor &w, const char *kernels);
/// The convolution without gradients by the filters' transforms of the same kernels, plus a bias, plus `shortcut` where defined,
/// then ReLU where wanted.
at::Tensor winogradInference(const at::Tensor &x, const at::Tensor &w, const at::Tensor &u, const at::Tensor &bias,
                             const at::Tensor &shortcut, bool relu, const char *kernels);

} // namespace ctorch
