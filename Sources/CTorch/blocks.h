// What the two ways to compute a cross entropy are given and return.
#pragma once
#include "shim.h"

namespace ctorch {

/// Checked arguments of `ctorch_entropy_of_products`; `y` is `x` where the rows are the `same`, `extra` is undefined
/// where there is none.
struct EntropyInput {
    const ctorch_entropy &settings;
    at::Tensor x, y, extra;
    bool same;
};

/// Which gradients are computed: of `x` and `extra`, and of `y` beside.
enum class EntropyGradients { none, first, both };

/// The loss, and the gradients of `x`, `y` and `extra`; undefined where not asked for.
struct EntropyResult {
    at::Tensor loss, first, second, extra;
};

/// The entropy by libtorch's operations, on the rows' device.
EntropyResult entropy_in_blocks(const EntropyInput &input, EntropyGradients wanted);

} // namespace ctorch
