// NCCL beside Gloo: collectives on the streams of GPUs, and how failures are detected although no host waits for them.
#include "group.h"

#ifdef CTORCH_GLOO
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#ifdef CTORCH_NCCL
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

using namespace ctorch;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Within a machine NCCL does not report a rank that dies, so only its heartbeats tell. No healthy rank pauses for so
/// long.
static constexpr CTorchGroup::Milliseconds hush = 10s;

#ifdef CTORCH_NCCL
bool ctorch_group_has_nccl(void) { return true; }

/// NCCL's messages have several lines, the last of which says most.
static std::string one_line(std::string text) {
    for (auto &letter : text) letter = letter == '\n' ? ' ' : letter;
    return text;
}

void CTorchGroup::use(c10::Device device) {
    // The group's own thread watches. NCCL's watchdog would end the process without a reason, or log for minutes;
    // torchrun turns the first one on.
    for (const auto *name :
         {"TORCH_NCCL_ASYNC_ERROR_HANDLING", "TORCH_NCCL_ENABLE_MONITORING", "TORCH_NCCL_DUMP_ON_TIMEOUT",
          "TORCH_NCCL_RETHROW_CUDA_ERRORS", "TORCH_NCCL_BLOCKING_WAIT"}) {
        setenv(name, "0", 1);
    }
    // Otherwise each rank of the machine would make a context on the first GPU, for what libtorch allocates without
    // naming one.
    c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
    auto meet = [store = store, rank = rank, world = world, device] {
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = 24h;
        auto made = c10::make_intrusive<c10d::ProcessGroupNCCL>(
            c10::make_intrusive<c10d::PrefixStore>("nccl", store), rank, world, options);
        made->eagerConnectSingleDevice(device);
        return c10::intrusive_ptr<Backend>(std::move(made));
    };
    const auto name = rank_name(rank, world) + ": NCCL cannot connect " + device.str();
    c10::intrusive_ptr<Backend> found;
    try {
        found = within<c10::intrusive_ptr<Backend>>(timeout + 1s, meet, name);
    } catch (const ReportedError &) {
        fail_with_verdict(device.str() + " did not reach the other ranks through NCCL within " + seconds(timeout));
    } catch (const c10::Error &error) {
        throw ReportedError(name + ": " + one_line(error.what_without_backtrace()));
    } catch (const std::exception &error) {
        throw ReportedError(name + ": " + one_line(error.what()));
    }
    std::lock_guard<std::mutex> lock(mutex);
    nccl = found;
    gpu = device;
}

void CTorchGroup::abandon() {
    c10::intrusive_ptr<Backend> found;
    {
        std::lock_guard<std::mutex> lock(mutex);
        found = nccl;
    }
    try {
        if (found) static_cast<c10d::ProcessGroupNCCL &>(*found).abort();
    } catch (...) {
    }
}
#else
bool ctorch_group_has_nccl(void) { return false; }
void CTorchGroup::use(c10::Device) {
    throw ReportedError("this build has no NCCL; docs/scale.md says what to build it with");
}
void CTorchGroup::abandon() {}
#endif

void CTorchGroup::synchronize() {
    if (!nccl) return;
    const c10::impl::VirtualGuardImpl runtime(gpu.type());
    c10::Event done(gpu.type());
    done.record(runtime.getStream(gpu));
    const auto end = Clock::now() + timeout + 2s;
    for (auto look = Clock::now() + beat; !done.query() && fault().empty(); std::this_thread::sleep_for(50us)) {
        const auto now = Clock::now();
        if (now > end) fail_with_verdict("no answer for " + seconds(timeout));
        if (now < look) continue;
        look = now + beat;
        // Between machines NCCL may notice a failure by itself.
        if (last && last->isCompleted() && !last->isSuccess()) fail_with_verdict("NCCL failed");
    }
    // After aborted collectives the stream went on with meaningless numbers.
    if (!fault().empty()) fail_with_verdict("another rank raised the alarm");
    std::lock_guard<std::mutex> lock(mutex);
    last.reset();
}

/// Whether the GPU's collectives stand still or, on rank 0, a rank sends no heartbeat.
bool CTorchGroup::has_stalled(c10d::TCPStore &own) {
    const auto now = Clock::now();
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (!nccl) return false;
        if (last && now - last_began > timeout + 2s) {
            // Not earlier: a driver whose queue is full blocks the calling thread, and might block this one.
            if (!last->isCompleted() || !last->isSuccess()) return true;
            last.reset();
        }
    }
    if (rank != 0) return false;
    if (signs.empty()) signs.assign(static_cast<size_t>(world), {-1, now});
    for (int other = 1; other < world; other++) {
        auto &[count, since] = signs[static_cast<size_t>(other)];
        const auto found = own.add("beat/" + std::to_string(other), 0);
        if (found != count) since = now;
        count = found;
        if (now - since > std::max(silence, std::min(hush, timeout))) return true;
    }
    return false;
}

ctorch_status ctorch_group_use(ctorch_group group, int32_t where) {
    return guard([&] { group->use(device(where)); });
}

ctorch_status ctorch_group_synchronize(ctorch_group group) {
    return guard([&] { group->synchronize(); });
}
#else
bool ctorch_group_has_nccl(void) { return false; }
ctorch_status ctorch_group_use(ctorch_group, int32_t) { return ctorch_group_synchronize(nullptr); }
ctorch_status ctorch_group_synchronize(ctorch_group) {
    ctorch::fail("this build has no Gloo; install libgloo-dev (Debian and Ubuntu), and build again");
    return 1;
}
#endif
