// Shared by all files of the shim: handles, and the conversion of exceptions to statuses.
#pragma once
#include <ATen/ATen.h>
#include <atomic>
#include <string>
#include <vector>

#include "include/CTorch.h"

struct CTorchTensor {
    at::Tensor tensor;
};
struct CTorchGenerator {
    at::Generator generator;
};

namespace ctorch {

extern std::atomic<int64_t> live;
/// Counts this many multiplications.
void count(int64_t multiplications) noexcept;
void fail(const char *message) noexcept;

inline ctorch_tensor wrap(at::Tensor tensor) {
    auto handle = new CTorchTensor{std::move(tensor)};
    live.fetch_add(1, std::memory_order_relaxed);
    return handle;
}

inline at::IntArrayRef list(const int64_t *values, int32_t count) { return {values, static_cast<size_t>(count)}; }

inline c10::Device device(int32_t code) {
    return code < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(code));
}

inline at::TensorOptions options(int8_t dtype, int32_t where) {
    return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(device(where));
}

inline c10::optional<at::Tensor> optional(ctorch_tensor t) {
    return t ? c10::optional<at::Tensor>(t->tensor) : c10::optional<at::Tensor>();
}

inline std::vector<at::Tensor> tensors(const ctorch_tensor *list, int32_t count) {
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (int32_t index = 0; index < count; index++) result.push_back(list[index]->tensor);
    return result;
}

/// Runs `body`; whatever it throws becomes a status and a message, because no exception may reach Swift.
template <typename Body> ctorch_status guard(Body &&body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        fail(error.what_without_backtrace());
    } catch (const std::exception &error) {
        fail(error.what());
    } catch (...) {
        fail("unknown failure in libtorch");
    }
    return 1;
}

} // namespace ctorch
