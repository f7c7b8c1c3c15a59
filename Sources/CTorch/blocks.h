// The arguments and results of the two ways to compute a cross entropy.
#pragma once
#include "shim.h"

namespace ctorch {

/// Checked arguments of `ctorch_entropy_of_products`; `y` is `x` if the rows are the `same`; `extra` is undefined if
/// there is none.
struct EntropyInput {
    const ctorch_entropy &settings;
    at::Tensor x, y, extra;
    bool same;
};

/// The gradients to compute: none, those of `x` and `extra`, or also that of `y`.
enum class EntropyGradients { none, first, both };

/// The loss, and the gradients of `x`, `y` and `extra`; undefined where not asked for.
struct EntropyResult {
    at::Tensor loss, first, second, extra;
};

/// The entropy by libtorch's operations, on the rows' device.
EntropyResult entropy_in_blocks(const EntropyInput &input, EntropyGradients wanted);

} // namespace ctorch
