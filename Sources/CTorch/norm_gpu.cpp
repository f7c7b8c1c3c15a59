// Batch norm in training fused with a residual addition and ReLU, on a GPU. libtorch's own takes more than half of a
// ResNet-18's step in bfloat16, nearly all of it for reading or writing the same bytes more than once.
//
// NVRTC, which comes with libtorch, compiles the kernels for the present GPU at their first use, so a build needs
// neither CUDA's compiler nor its headers. Without NVRTC, libtorch's operations are used.
#include "norm_gpu.h"
#include "version.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <torch/csrc/autograd/custom_function.h>


// Whether libtorch reports the stream on which it computes.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 11)
#define CTORCH_STREAMS 1
#else
#define CTORCH_STREAMS 0
#endif

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace ctorch {

namespace {

constexpr const char *source =
#include "norm_kernels.h"
    ;

/// The functions of the driver and of NVRTC that are needed; their C interfaces are stable.
struct Driver {
    int (*get_attribute)(int *, int, int);
    int (*load_module)(void **, const void *);
    int (*get_function)(void **, void *, const char *);
    int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **,
                  void **);
    int (*create_program)(void **, const char *, const char *, int, const char *const *, const char *const *);
    int (*compile_program)(void *, int, const char *const *);
    int (*get_size)(void *, size_t *);
    int (*get_image)(void *, char *);
    int (*destroy_program)(void **);
    bool complete = false;

    Driver() {
        // libtorch's own library for both; it finds them in its wheel.
        void *library = dlopen("libcaffe2_nvrtc.so", RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) return;
        complete =
            find(library, "cuDeviceGetAttribute", get_attribute) && find(library, "cuModuleLoadData", load_module) &&
            find(library, "cuModuleGetFunction", get_function) && find(library, "cuLaunchKernel", launch) &&
            find(library, "nvrtcCreateProgram", create_program) &&
            find(library, "nvrtcCompileProgram", compile_program) && find(library, "nvrtcGetCUBINSize", get_size) &&
            find(library, "nvrtcGetCUBIN", get_image) && find(library, "nvrtcDestroyProgram", destroy_program);
    }

    template <typename Function> static bool find(void *library, const char *name, Function &place) {
        place = reinterpret_cast<Function>(dlsym(library, name));
        return place != nullptr;
    }

    int attribute(int which, int device) const {
        int value = 0;
        return get_attribute(&value, which, device) == 0 ? value : 0;
    }

    /// Machine code for a device; empty if it cannot be compiled.
    std::vector<char> compile(int device, bool bfloat16) const {
        constexpr int major = 75, minor = 76;
        const auto architecture = "--gpu-architecture=sm_" + std::to_string(attribute(major, device))
                                  + std::to_string(attribute(minor, device));
        const char *options[] = {architecture.c_str(), bfloat16 ? "-DBF16=1" : "-DBF16=0", "--std=c++17"};
        void *program = nullptr;
        std::vector<char> image;
        if (create_program(&program, source, "norm.cu", 0, nullptr, nullptr) != 0) return image;
        size_t size = 0;
        if (compile_program(program, 3, options) == 0 && get_size(program, &size) == 0) {
            image.resize(size);
            if (get_image(program, image.data()) != 0) image.clear();
        }
        destroy_program(&program);
        return image;
    }
};

const Driver &driver() {
    static const Driver driver;
    return driver;
}

/// The kernels of one device and type.
struct Kernels {
    void *moments, *finish_moments, *apply, *gradient_sums, *finish_gradients, *input_gradient;
    int processors;
    bool loaded = false;

    Kernels(int device, bool bfloat16) {
        const auto &cuda = driver();
        if (!cuda.complete) return;
        constexpr int processor_count = 16;
        processors = cuda.attribute(processor_count, device);
        const auto image = cuda.compile(device, bfloat16);
        void *module = nullptr;
        if (image.empty() || cuda.load_module(&module, image.data()) != 0) return;
        auto get = [&](void *&place, const char *name) { return cuda.get_function(&place, module, name) == 0; };
        loaded = get(moments, "moments") && get(finish_moments, "finish_moments") && get(apply, "apply") &&
                 get(gradient_sums, "gradient_sums") && get(finish_gradients, "finish_gradients") &&
                 get(input_gradient, "input_gradient");
    }
};

/// Compiled once for each device and type that is met.
const Kernels &kernels(int device, bool bfloat16) {
    static std::mutex mutex;
    static std::map<std::pair<int, bool>, Kernels> known;
    std::lock_guard<std::mutex> lock(mutex);
    const auto key = std::make_pair(device, bfloat16);
    const auto found = known.find(key);
    return found != known.end() ? found->second : known.emplace(key, Kernels(device, bfloat16)).first->second;
}

void *stream(c10::Device device) {
#if CTORCH_STREAMS
    c10::impl::VirtualGuardImpl runtime(device.type());
    return runtime.getStreamNativeHandle(runtime.getStream(device));
#else
    (void)device;
    TORCH_CHECK(false, "this libtorch does not give its stream");
#endif
}

/// Rows of channels, and how they are spread over a GPU.
struct Plan {
    int64_t count;
    int32_t channels;
    unsigned blocks;
    const Kernels &run;
    void *queue;
    at::MemoryFormat format;

    explicit Plan(const at::Tensor &x)
        : count(x.numel() / x.size(1)), channels(static_cast<int32_t>(x.size(1))),
          run(kernels(x.get_device(), x.scalar_type() == at::kBFloat16)), queue(stream(x.device())),
          format(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous) {
        // Some rows for each thread, and some blocks for each processor.
        const int64_t rows = threads / (channels / 8) * 16;
        blocks = static_cast<unsigned>(std::min<int64_t>((count + rows - 1) / rows, run.processors * 4));
    }

    static constexpr unsigned threads = 256;

    at::Tensor partials(const at::Tensor &like) const {
        return at::empty({static_cast<int64_t>(blocks) * 2 * channels}, like.options().dtype(at::kFloat));
    }

    void over_rows(void *kernel, std::initializer_list<void *> arguments) const {
        launch(kernel, blocks, threads, 1, arguments);
    }
    void over_channels(void *kernel, std::initializer_list<void *> arguments) const {
        launch(kernel, (channels + 31) / 32, 32, 32, arguments);
    }

  private:
    void launch(void *kernel, unsigned grid, unsigned x, unsigned y, std::initializer_list<void *> arguments) const {
        std::vector<void *> list(arguments);
        const int status = driver().launch(kernel, grid, 1, 1, x, y, 1, 0, queue, list.data(), nullptr);
        TORCH_CHECK(status == 0, "the GPU refused a kernel of batch norm, CUDA driver error ", status);
    }
};

struct GpuNorm : torch::autograd::Function<GpuNorm> {
    static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight, at::Tensor bias,
                              c10::optional<at::Tensor> shortcut, at::Tensor running_mean, at::Tensor running_variance,
                              bool relu, double momentum, double eps) {
        Plan plan(x);
        const auto added = shortcut ? shortcut->contiguous(plan.format) : at::Tensor();
        const auto statistics = at::empty({4, plan.channels}, weight.options());
        const auto partials = plan.partials(x);
        auto y = at::empty_like(x);
        void *from = x.data_ptr(), *other = added.defined() ? added.data_ptr() : nullptr, *to = y.data_ptr();
        void *sums = partials.data_ptr(), *found = statistics.data_ptr(), *scale = weight.data_ptr(),
             *shift = bias.data_ptr(), *mean = running_mean.data_ptr(), *variance = running_variance.data_ptr();
        int32_t blocks = static_cast<int32_t>(plan.blocks), rectified = relu;
        float moved = static_cast<float>(momentum), small = static_cast<float>(eps);
        plan.over_rows(plan.run.moments, {&from, &plan.count, &plan.channels, &sums});
        plan.over_channels(plan.run.finish_moments, {&sums, &blocks, &from, &plan.count, &plan.channels, &scale, &shift,
                                                     &mean, &variance, &moved, &small, &found});
        plan.over_rows(plan.run.apply, {&from, &other, &plan.count, &plan.channels, &found, &rectified, &to});
        const bool by_output = relu && added.defined();
        context->save_for_backward({x, statistics, by_output ? y : at::Tensor()});
        context->saved_data["relu"] = relu;
        context->saved_data["adds"] = added.defined();
        return y;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &statistics = saved[1], &y = saved[2];
        const bool relu = context->saved_data["relu"].toBool(), adds = context->saved_data["adds"].toBool();
        Plan plan(x);
        const auto dy = gradients[0].to(x.scalar_type()).contiguous(plan.format);
        const bool masks = relu && adds;
        const auto through = masks ? at::empty_like(x) : dy;
        const auto partials = plan.partials(x);
        const auto slopes = at::empty({4, plan.channels}, statistics.options());
        auto dx = at::empty_like(x);
        void *from = x.data_ptr(), *above = dy.data_ptr(), *result = y.defined() ? y.data_ptr() : nullptr,
             *passed = masks ? through.data_ptr() : nullptr, *used = through.data_ptr(), *to = dx.data_ptr();
        auto *rows = static_cast<float *>(slopes.data_ptr());
        void *sums = partials.data_ptr(), *found = statistics.data_ptr(), *d_weight = rows,
             *d_bias = rows + plan.channels, *factors = rows + 2 * plan.channels;
        int32_t blocks = static_cast<int32_t>(plan.blocks), rectified = relu, by_input = relu && !adds;
        plan.over_rows(plan.run.gradient_sums,
                       {&from, &above, &result, &plan.count, &plan.channels, &found, &rectified, &passed, &sums});
        plan.over_channels(plan.run.finish_gradients,
                          {&sums, &blocks, &plan.count, &plan.channels, &found, &d_weight, &d_bias, &factors});
        plan.over_rows(plan.run.input_gradient,
                       {&from, &used, &plan.count, &plan.channels, &found, &factors, &by_input, &to});
        return {dx, slopes[0], slopes[1], adds ? through : at::Tensor(), {}, {}, {}, {}, {}};
    }
};

} // namespace

bool gpu_norm_available(c10::Device device) {
    if (!CTORCH_STREAMS || !device.is_cuda()) return false;
    // The driver loads modules into a context, which libtorch makes with its first tensor.
    at::empty({1}, at::TensorOptions().device(device));
    return kernels(device.index(), true).loaded && kernels(device.index(), false).loaded;
}

bool gpu_norm_serves(const NormInput &input) {
    const auto &x = input.x;
    if (!CTORCH_STREAMS || !x.is_cuda() || (x.dim() != 2 && x.dim() != 4) || x.numel() == 0) return false;
    if (x.scalar_type() != at::kBFloat16 && x.scalar_type() != at::kFloat) return false;
    if (!x.is_contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous)) return false;
    const int64_t channels = x.size(1);
    if (channels % 8 != 0 || channels / 8 > Plan::threads || Plan::threads % (channels / 8) != 0) return false;
    const auto &shortcut = input.shortcut;
    if (shortcut && (shortcut->sizes() != x.sizes() || shortcut->scalar_type() != x.scalar_type())) return false;
    for (const auto &t : {input.weight, input.bias, input.running_mean, input.running_variance})
        if (t.device() != x.device() || t.scalar_type() != at::kFloat || !t.is_contiguous()) return false;
    return kernels(x.get_device(), x.scalar_type() == at::kBFloat16).loaded;
}

at::Tensor gpu_norm(const NormInput &input) {
    return GpuNorm::apply(input.x, input.weight, input.bias, input.shortcut, input.running_mean, input.running_variance,
                          input.relu, input.momentum, input.eps);
}

} // namespace ctorch

bool ctorch_fuses_norm(int32_t where) {
    bool found = false;
    const auto status = ctorch::guard([&] { found = ctorch::gpu_norm_available(ctorch::device(where)); });
    return status == 0 && found;
}
