// 3x3 convolutions with stride 1 and padding 1 by fewer multiplications.
#pragma once
#include "shim.h"

namespace ctorch {

/// Whether `winograd` computes this convolution.
bool winogradSuits(const at::Tensor &x, const at::Tensor &w);
/// The convolution, with its gradients, by the kernels of a name; NULL for the fastest.
at::Tensor winograd(const at::Tensor &x, const at::Tensor &w, const char *kernels);

} // namespace ctorch
