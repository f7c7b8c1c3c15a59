// The library itself: version, threads, random numbers.
#include "shim.h"
#include "version.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <limits>
#ifdef __GLIBC__
#include <malloc.h>
#endif


using namespace ctorch;

static thread_local std::string message;

namespace ctorch {

void fail(const char *text) noexcept {
    try {
        message = text;
    } catch (...) {
        message.clear();
    }
}

} // namespace ctorch

const char *ctorch_error(void) { return message.c_str(); }
const char *ctorch_version(void) { return TORCH_VERSION; }

const char *ctorch_library_path(void) {
    Dl_info info;
    // Any symbol that libtorch defines tells where it came from.
    if (dladdr(reinterpret_cast<void *>(&at::set_num_threads), &info) == 0 || info.dli_fname == nullptr) return "";
    return info.dli_fname;
}

int32_t ctorch_cuda_devices(void) {
    try {
        // A build against a CPU's libtorch runs on the CUDA build of the same version, whose kernels register
        // themselves.
        static const void *const kernels = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL);
        (void)kernels;
        return at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
    } catch (...) {
        return 0;
    }
}

ctorch_status ctorch_set_threads(int32_t count) {
    return guard([&] {
        at::set_num_threads(count);
        // OpenBLAS keeps a pool of its own, which fights with libtorch's over the cores.
        using Setter = void (*)(int);
        if (auto setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) setter(1);
    });
}

void ctorch_keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

ctorch_status ctorch_generator_new(uint64_t seed, ctorch_generator *out) {
    return guard([&] { *out = new CTorchGenerator{at::detail::createCPUGenerator(seed)}; });
}

void ctorch_generator_free(ctorch_generator generator) { delete generator; }

ctorch_status ctorch_uniform(const int64_t *shape, int32_t rank, double low, double high, ctorch_generator generator,
                             ctorch_tensor *out) {
    return guard([&] {
        auto tensor = at::empty(list(shape, rank), options(CTORCH_FLOAT32, -1));
        *out = wrap(tensor.uniform_(low, high, generator->generator));
    });
}

ctorch_status ctorch_normal(const int64_t *shape, int32_t rank, double deviation, ctorch_generator generator,
                            ctorch_tensor *out) {
    return guard([&] {
        auto tensor = at::empty(list(shape, rank), options(CTORCH_FLOAT32, -1));
        *out = wrap(tensor.normal_(0, deviation, generator->generator));
    });
}
