// Creation, contents and release of tensors.
#include "shim.h"

#include <memory>

using namespace ctorch;

namespace ctorch {
std::atomic<int64_t> live{0};
} // namespace ctorch

void ctorch_free(ctorch_tensor t) {
    live.fetch_sub(1, std::memory_order_relaxed);
    delete t;
}

int64_t ctorch_live(void) { return live.load(std::memory_order_relaxed); }

ctorch_status ctorch_borrow(void *data, const int64_t *shape, int32_t rank, int8_t dtype, void *owner,
                            void (*release)(void *), ctorch_tensor *out) {
    return guard([&] {
        // The owner is released with the last copy of the deleter, also if from_blob fails.
        std::shared_ptr<void> keeper(owner, release);
        *out = wrap(at::from_blob(data, list(shape, rank), [keeper](void *) {}, options(dtype, -1)));
    });
}

ctorch_status ctorch_copy_in(const void *data, const int64_t *shape, int32_t rank, int8_t dtype, ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(at::from_blob(const_cast<void *>(data), list(shape, rank), options(dtype, -1)).clone());
    });
}

ctorch_status ctorch_copy_out(ctorch_tensor t, int8_t dtype, void *data, int64_t count) {
    return guard([&] {
        TORCH_CHECK(t->tensor.numel() == count, "expected ", count, " elements, have ", t->tensor.numel());
        auto target = at::from_blob(data, t->tensor.sizes(), options(dtype, -1));
        target.copy_(t->tensor.detach());
    });
}

ctorch_status ctorch_full(const int64_t *shape, int32_t rank, double value, int8_t dtype, int32_t where,
                          ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::full(list(shape, rank), value, options(dtype, where))); });
}

ctorch_status ctorch_eye(int64_t n, int8_t dtype, int32_t where, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::eye(n, options(dtype, where))); });
}

ctorch_status ctorch_arange(int64_t count, int8_t dtype, int32_t where, ctorch_tensor *out) {
    return guard([&] { *out = wrap(at::arange(count, options(dtype, where))); });
}

int32_t ctorch_rank(ctorch_tensor t) { return static_cast<int32_t>(t->tensor.dim()); }
int64_t ctorch_size(ctorch_tensor t, int32_t dim) { return t->tensor.sizes()[dim]; }
int8_t ctorch_dtype(ctorch_tensor t) { return static_cast<int8_t>(t->tensor.scalar_type()); }
int32_t ctorch_device(ctorch_tensor t) { return t->tensor.is_cuda() ? t->tensor.get_device() : -1; }

ctorch_status ctorch_item(ctorch_tensor t, double *out) {
    return guard([&] { *out = t->tensor.item().toDouble(); });
}

ctorch_status ctorch_cast(ctorch_tensor t, int8_t dtype, ctorch_tensor *out) {
    return guard([&] { *out = wrap(t->tensor.to(static_cast<at::ScalarType>(dtype))); });
}

ctorch_status ctorch_move(ctorch_tensor t, int32_t where, ctorch_tensor *out) {
    return guard([&] { *out = wrap(t->tensor.to(device(where))); });
}

ctorch_status ctorch_contiguous(ctorch_tensor t, bool channels_last, ctorch_tensor *out) {
    return guard([&] {
        *out =
            wrap(t->tensor.contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
    });
}

ctorch_status ctorch_clone(ctorch_tensor t, ctorch_tensor *out) {
    return guard([&] { *out = wrap(t->tensor.clone()); });
}
