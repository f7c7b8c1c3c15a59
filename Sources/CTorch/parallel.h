// Loops on several threads. libtorch's parallel loops are templates for compilers with OpenMP, which this shim is not
// compiled with.
#pragma once
#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <dlfcn.h>
#include <system_error>
#include <thread>
#include <vector>

namespace ctorch {

/// Calls `body(thread)` on `count` threads, including the caller's; on fewer if the system provides no more.
template <typename Body> void on_threads(int64_t count, const Body &body) {
    std::vector<std::thread> others;
    for (int64_t thread = 1; thread < count; thread++) {
        try {
            others.emplace_back([&body, thread] { body(thread); });
        } catch (const std::system_error &) {
            break;
        }
    }
    body(0);
    for (auto &other : others) other.join();
}

/// Calls `body(begin, end)` for chunks of 0..<count on new threads.
template <typename Body> void parallel_chunks(int64_t count, int64_t chunk, int64_t threads, const Body &body) {
    std::atomic<int64_t> next{0};
    on_threads(std::min(threads, (count + chunk - 1) / chunk), [&](int64_t) {
        for (int64_t begin; (begin = next.fetch_add(chunk)) < count;) body(begin, std::min(begin + chunk, count));
    });
}

/// Calls `body(task)`, which must not throw, for 0..<tasks in no order, on libtorch's own threads: these spin while
/// they wait for their next loop, so other threads beside them would compete for the cores.
template <typename Body> void parallel_for(int64_t tasks, const Body &body) {
    std::atomic<int64_t> next{0};
    auto work = [&] {
        for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) body(task);
    };
    const int64_t threads = std::min<int64_t>(at::get_num_threads(), tasks);
    if (threads <= 1 || at::in_parallel_region()) return work();
    // What a compiler makes of `#pragma omp parallel`, in the OpenMP library that libtorch has loaded.
    using Start = void (*)(void (*)(void *), void *, unsigned, unsigned);
    static const auto start = reinterpret_cast<Start>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    if (!start) return on_threads(threads, [&](int64_t) { work(); });
    // The number of threads stays libtorch's: another one would end OpenMP's threads, and the next loop would start new
    // ones.
    start([](void *data) { (*static_cast<decltype(work) *>(data))(); }, &work, 0, 0);
}

} // namespace ctorch
