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

/// `count` rounded up to a multiple of `whole`.
inline int64_t rounded_up(int64_t count, int64_t whole) { return (count + whole - 1) / whole * whole; }
/// The elements of a float32 tensor on the CPU, to read.
inline const float *read(const at::Tensor &t) { return static_cast<const float *>(t.data_ptr()); }
/// The elements of a float32 tensor on the CPU, to write.
inline float *written(const at::Tensor &t) { return static_cast<float *>(t.data_ptr()); }

} // namespace ctorch
