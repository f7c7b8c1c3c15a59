// What tiles.cpp hands over where its kernels do not run.
#pragma once
#include "shim.h"

namespace ctorch {

struct EntropySlopes {
    at::Tensor loss, first, second, extra;
};

/// As `ctorch_entropy_of_products`, by libtorch's operations on the rows' device.
EntropySlopes entropy_in_blocks(const ctorch_entropy &settings, const at::Tensor &x, const at::Tensor &y,
                                const at::Tensor &extra, bool same, bool slope, bool second_slope);

} // namespace ctorch
