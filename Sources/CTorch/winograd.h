// 3x3 convolutions with stride 1 and padding 1 by fewer multiplications.
#pragma once
#include "kernels.h"

namespace ctorch {

/// Whether the transforms take these filters.
bool winograd_suits(const at::Tensor &w);
/// Whether `winograd` computes this convolution.
bool winograd_suits(const at::Tensor &x, const at::Tensor &w);
/// The convolution, with its gradients.
at::Tensor winograd(const at::Tensor &x, const at::Tensor &w, const compute_kernels &kernels);
/// The transforms of filters that suit.
at::Tensor winograd_filters(const at::Tensor &w, const compute_kernels &kernels);
/// The convolution without gradients from the filters' transforms by the same kernels, plus a bias, plus `shortcut` if
/// it is defined, then the activation.
at::Tensor winograd_inference(const at::Tensor &x, const at::Tensor &w, const at::Tensor &u, const at::Tensor &bias,
                              const at::Tensor &shortcut, compute_activation activation,
                              const compute_kernels &kernels);

} // namespace ctorch
