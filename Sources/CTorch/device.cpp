// Precision, streams and pinned memory of accelerators, by libtorch's device-neutral interface: PyPI's wheels have no
// headers of CUDA, and the same source builds without CUDA.
#include "shim.h"
#include "version.h"

#include <ATen/autocast_mode.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <new>

using namespace ctorch;

struct CTorchStream {
    c10::Stream stream;
};

static c10::impl::VirtualGuardImpl runtime(c10::Device device) { return c10::impl::VirtualGuardImpl(device.type()); }

ctorch_status ctorch_set_tf32(bool allowed) {
    return guard([&] {
        at::globalContext().setAllowTF32CuBLAS(allowed);
        at::globalContext().setAllowTF32CuDNN(allowed);
    });
}

ctorch_status ctorch_set_search(bool enabled) {
    return guard([&] { at::globalContext().setBenchmarkCuDNN(enabled); });
}

static void cast(int32_t where, bool enabled, at::ScalarType dtype) {
#if TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 4
    const auto type = device(where).type();
    at::autocast::set_autocast_dtype(type, dtype);
    at::autocast::set_autocast_enabled(type, enabled);
#else
    if (where < 0) {
        at::autocast::set_autocast_cpu_dtype(dtype);
        at::autocast::set_cpu_enabled(enabled);
    } else {
        at::autocast::set_autocast_gpu_dtype(dtype);
        at::autocast::set_enabled(enabled);
    }
#endif
}

ctorch_status ctorch_autocast_begin(int32_t where, int8_t dtype) {
    return guard([&] {
        at::autocast::increment_nesting();
        cast(where, true, static_cast<at::ScalarType>(dtype));
    });
}

void ctorch_autocast_end(int32_t where) {
    guard([&] {
        cast(where, false, at::kBFloat16);
        // Weights that were cast are kept until here; an optimiser's step makes them old.
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    });
}

ctorch_status ctorch_synchronize(int32_t where) {
    return guard([&] {
        if (where < 0) return;
        runtime(device(where)).getStream(device(where)).synchronize();
    });
}

// The tensor that owns the memory lies at its beginning.
static constexpr int64_t head = 64;
static_assert(sizeof(at::Tensor) <= head);

ctorch_status ctorch_pinned(int64_t bytes, void **out) {
    return guard([&] {
        auto tensor = at::empty({head + bytes}, options(CTORCH_UINT8, -1).pinned_memory(true));
        auto *data = static_cast<char *>(tensor.data_ptr());
        new (data) at::Tensor(std::move(tensor));
        *out = data + head;
    });
}

void ctorch_pinned_free(void *memory) {
    guard([&] {
        auto *place = reinterpret_cast<at::Tensor *>(static_cast<char *>(memory) - head);
        const auto tensor = std::move(*place);
        place->~Tensor();
    });
}

ctorch_status ctorch_stream_new(int32_t where, ctorch_stream *out) {
    return guard([&] {
        TORCH_CHECK(where >= 0, "copies beside computation need a GPU");
        *out = new CTorchStream{runtime(device(where)).getStreamFromGlobalPool(device(where), false)};
    });
}

void ctorch_stream_free(ctorch_stream stream) { delete stream; }

ctorch_status ctorch_stream_upload(ctorch_stream stream, ctorch_tensor source, ctorch_tensor *out) {
    return guard([&] {
        const auto where = stream->stream.device();
        const auto computation = runtime(where).getStream(where);
        at::Tensor copy;
        {
            c10::StreamGuard guard(stream->stream);
            copy = source->tensor.to(where, /*non_blocking=*/true);
        }
        // The memory came from the copies' pool: it must not be given out again while computation reads it.
        copy.record_stream(computation);
        *out = wrap(std::move(copy));
    });
}

ctorch_status ctorch_stream_join(ctorch_stream stream) {
    return guard([&] {
        const auto where = stream->stream.device();
        c10::Event copied(where.type());
        copied.record(stream->stream);
        runtime(where).getStream(where).wait(copied);
    });
}

ctorch_status ctorch_stream_wait(ctorch_stream stream) {
    return guard([&] { stream->stream.synchronize(); });
}

ctorch_status ctorch_normalize(ctorch_tensor bytes, ctorch_tensor factors, ctorch_tensor offsets, ctorch_tensor *out) {
    return guard([&] {
        const auto &x = bytes->tensor;
        TORCH_CHECK(x.dim() == 4 && x.size(3) == 3 && x.scalar_type() == at::kByte, "expected bytes [N, H, W, 3], got ",
                    x.scalar_type(), " ", x.sizes());
        const auto channels = [](ctorch_tensor values) { return values->tensor.reshape({1, 3, 1, 1}); };
        *out = wrap(x.permute({0, 3, 1, 2}).to(at::kFloat).mul_(channels(factors)).add_(channels(offsets)));
    });
}
