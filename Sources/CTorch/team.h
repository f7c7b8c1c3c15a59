// libtorch's own threads. Its parallel loops are templates for compilers with OpenMP, which this shim is not compiled with; but
// others beside them would fight over the cores with libtorch's, which wait for their next loop without sleeping.
#pragma once
#include "rounds.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace ctorch {

/// Calls `body(task)`, which must not throw, for 0..<tasks on libtorch's threads, in no order.
template <typename Body> void in_team(int64_t tasks, const Body &body) {
    std::atomic<int64_t> next{0};
    auto work = [&] {
        for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) body(task);
    };
    const int64_t threads = std::min<int64_t>(at::get_num_threads(), tasks);
    if (threads <= 1 || at::in_parallel_region()) return work();
    // What a compiler makes of `#pragma omp parallel`, in the OpenMP library that libtorch has loaded.
    using Start = void (*)(void (*)(void *), void *, unsigned, unsigned);
    static const auto start = reinterpret_cast<Start>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    if (!start) return in_threads(threads, [&](int64_t) { work(); });
    // As many as libtorch set: another number would end the team, and each loop after it would have to make a new one.
    start([](void *data) { (*static_cast<decltype(work) *>(data))(); }, &work, 0, 0);
}

} // namespace ctorch
