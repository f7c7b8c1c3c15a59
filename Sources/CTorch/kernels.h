// The choice of CCompute's kernels, and how tensors reach them.
#pragma once
#include "shim.h"

#include <CCompute.h>

namespace ctorch {

/// The kernels asked for; NULL for libtorch's own operations.
inline const compute_kernels *chosen(ctorch_kernels kernels) {
    if (kernels == CTORCH_LIBTORCH) return nullptr;
    const auto *found = kernels == CTORCH_FASTEST ? compute_best() : compute_at(compute_level(kernels - CTORCH_ANY));
    TORCH_CHECK(found, "this processor does not run kernels of level ", kernels - CTORCH_ANY);
    return found;
}

/// The kernels' name of an activation.
inline compute_activation kernel_activation(ctorch_activation activation) {
    switch (activation) {
    case CTORCH_RELU_AFTER: return COMPUTE_RELU;
    case CTORCH_RELU6_AFTER: return COMPUTE_RELU6;
    default: return COMPUTE_LINEAR;
    }
}
/// The activation of a result that nothing else needs.
inline at::Tensor activated(at::Tensor y, ctorch_activation activation) {
    switch (activation) {
    case CTORCH_RELU_AFTER: return y.relu_();
    case CTORCH_RELU6_AFTER: return at::hardtanh_(y, 0, 6);
    default: return y;
    }
}

/// `count` rounded up to a multiple of `whole`.
inline int64_t rounded_up(int64_t count, int64_t whole) { return (count + whole - 1) / whole * whole; }
/// The elements of a float32 tensor on the CPU, to read.
inline const float *read(const at::Tensor &t) { return static_cast<const float *>(t.data_ptr()); }
/// The elements of a float32 tensor on the CPU, to write.
inline float *written(const at::Tensor &t) { return static_cast<float *>(t.data_ptr()); }

} // namespace ctorch
