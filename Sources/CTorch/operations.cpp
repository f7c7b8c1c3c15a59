// Element by element, reductions, shapes.
#include "shim.h"

#include <c10/core/GradMode.h>

using namespace ctorch;

static thread_local int64_t operations = 0;

namespace ctorch {
void count(int64_t multiplications) noexcept {
    operations += multiplications * (c10::GradMode::is_enabled() ? 6 : 2);
}
} // namespace ctorch

int64_t ctorch_operations(void) { return operations; }

ctorch_status ctorch_binary(ctorch_binary_op op, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) {
    return guard([&] {
        const auto &x = a->tensor;
        const auto &y = b->tensor;
        switch (op) {
        case CTORCH_ADD: *out = wrap(x + y); break;
        case CTORCH_SUB: *out = wrap(x - y); break;
        case CTORCH_MUL: *out = wrap(x * y); break;
        case CTORCH_DIV: *out = wrap(x / y); break;
        case CTORCH_MATMUL:
            *out = wrap(at::matmul(x, y));
            count((*out)->tensor.numel() * (x.dim() > 0 ? x.size(-1) : 0));
            break;
        case CTORCH_EQ: *out = wrap(x.eq(y)); break;
        case CTORCH_GT: *out = wrap(x.gt(y)); break;
        }
    });
}

ctorch_status ctorch_scalar(ctorch_scalar_op op, ctorch_tensor a, double b, ctorch_tensor *out) {
    return guard([&] {
        const auto &x = a->tensor;
        switch (op) {
        case CTORCH_ADD_SCALAR: *out = wrap(x + b); break;
        case CTORCH_MUL_SCALAR: *out = wrap(x * b); break;
        case CTORCH_POW: *out = wrap(x.pow(b)); break;
        case CTORCH_CLAMP_MIN: *out = wrap(x.clamp_min(b)); break;
        }
    });
}

ctorch_status ctorch_unary(ctorch_unary_op op, ctorch_tensor a, ctorch_tensor *out) {
    return guard([&] {
        const auto &x = a->tensor;
        switch (op) {
        case CTORCH_NEG: *out = wrap(-x); break;
        case CTORCH_EXP: *out = wrap(x.exp()); break;
        case CTORCH_LOG: *out = wrap(x.log()); break;
        case CTORCH_SQRT: *out = wrap(x.sqrt()); break;
        case CTORCH_ABS: *out = wrap(x.abs()); break;
        case CTORCH_RELU: *out = wrap(x.relu()); break;
        case CTORCH_RELU_IN_PLACE: *out = wrap(a->tensor.relu_()); break;
        case CTORCH_RELU6_IN_PLACE: *out = wrap(at::hardtanh_(a->tensor, 0, 6)); break;
        case CTORCH_DETACH: *out = wrap(x.detach()); break;
        case CTORCH_ISFINITE: *out = wrap(x.isfinite()); break;
        case CTORCH_GELU: *out = wrap(at::gelu(x)); break;
        case CTORCH_ERF: *out = wrap(at::erf(x)); break;
        case CTORCH_COS: *out = wrap(x.cos()); break;
        case CTORCH_SIN: *out = wrap(x.sin()); break;
        case CTORCH_SIGMOID: *out = wrap(x.sigmoid()); break;
        }
    });
}

ctorch_status ctorch_reduce(ctorch_reduction op, ctorch_tensor a, const int64_t *dims, int32_t rank, bool keepdim,
                            ctorch_tensor *out) {
    return guard([&] {
        auto x = rank == 0 ? a->tensor.reshape({-1}) : a->tensor;
        std::vector<int64_t> over = rank == 0 ? std::vector<int64_t>{0} : std::vector<int64_t>(dims, dims + rank);
        switch (op) {
        case CTORCH_SUM: *out = wrap(x.sum(over, keepdim)); break;
        case CTORCH_MEAN: *out = wrap(x.mean(over, keepdim)); break;
        case CTORCH_MAX: *out = wrap(x.amax(over, keepdim)); break;
        case CTORCH_LOGSUMEXP: *out = wrap(x.logsumexp(over, keepdim)); break;
        case CTORCH_NORM: *out = wrap(at::norm(x, 2, over, keepdim)); break;
        }
    });
}

ctorch_status ctorch_softmax(ctorch_tensor a, int64_t dim, bool logarithm, ctorch_tensor *out) {
    return guard([&] { *out = wrap(logarithm ? a->tensor.log_softmax(dim) : a->tensor.softmax(dim)); });
}

ctorch_status ctorch_argmax(ctorch_tensor a, int64_t dim, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.argmax(dim)); });
}

ctorch_status ctorch_topk(ctorch_tensor a, int64_t k, int64_t dim, ctorch_tensor *values, ctorch_tensor *indices) {
    return guard([&] {
        auto found = a->tensor.topk(k, dim);
        *values = wrap(std::get<0>(found));
        *indices = wrap(std::get<1>(found));
    });
}

ctorch_status ctorch_masked_fill(ctorch_tensor a, ctorch_tensor mask, double value, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.masked_fill(mask->tensor, value)); });
}

ctorch_status ctorch_where(ctorch_tensor mask, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::where(mask->tensor, a->tensor, b->tensor)); });
}

ctorch_status ctorch_gather(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.gather(dim, index->tensor)); });
}

ctorch_status ctorch_scatter_add(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor source,
                                 ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.scatter_add(dim, index->tensor, source->tensor)); });
}

ctorch_status ctorch_index_select(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.index_select(dim, index->tensor)); });
}

ctorch_status ctorch_one_hot(ctorch_tensor a, int64_t classes, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::one_hot(a->tensor, classes)); });
}

ctorch_status ctorch_narrow(ctorch_tensor a, int64_t dim, int64_t start, int64_t length, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.narrow(dim, start, length)); });
}

ctorch_status ctorch_reshape(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.reshape(list(shape, rank))); });
}

ctorch_status ctorch_transpose(ctorch_tensor a, int64_t first, int64_t second, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.transpose(first, second)); });
}

ctorch_status ctorch_squeeze(ctorch_tensor a, int64_t dim, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.squeeze(dim)); });
}

ctorch_status ctorch_unsqueeze(ctorch_tensor a, int64_t dim, ctorch_tensor *out) {
    return guard([&] { *out = wrap(a->tensor.unsqueeze(dim)); });
}

ctorch_status ctorch_cat(const ctorch_tensor *list, int32_t count, int64_t dim, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::cat(tensors(list, count), dim)); });
}

ctorch_status ctorch_stack(const ctorch_tensor *list, int32_t count, int64_t dim, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::stack(tensors(list, count), dim)); });
}

ctorch_status ctorch_logdet(ctorch_tensor a, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::logdet(a->tensor)); });
}

ctorch_status ctorch_svdvals(ctorch_tensor a, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::linalg_svdvals(a->tensor)); });
}

ctorch_status ctorch_copy_(ctorch_tensor target, ctorch_tensor source) {
    return guard([&] { target->tensor.detach().copy_(source->tensor); });
}

ctorch_status ctorch_increment(ctorch_tensor t) {
    return guard([&] { t->tensor.detach().add_(1); });
}
