// NCCL beside Gloo: collectives on the streams of GPUs, which no host waits for, and how their failure is noticed all the same.
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

/// Of a rank that dies NCCL says nothing within a machine, so its signs of life alone tell; longer than any pause that is none.
static constexpr CTorchGroup::Milliseconds hush = 10s;

#ifdef CTORCH_NCCL
bool ctorch_group_has_nccl(void) { return true; }

/// NCCL's complaints are spread over lines, the last of which says most.
static std::string oneLine(std::string text) {
    for (auto &letter : text) letter = letter == '\n' ? ' ' : letter;
    return text;
}

void CTorchGroup::use(c10::Device device) {
    // Its own watchdog would end the process without a reason, or log for minutes; here the group's thread watches. torchrun sets
    // the first one otherwise.
    for (const auto *name : {"TORCH_NCCL_ASYNC_ERROR_HANDLING", "TORCH_NCCL_ENABLE_MONITORING", "TORCH_NCCL_DUMP_ON_TIMEOUT",
                             "TORCH_NCCL_RETHROW_CUDA_ERRORS", "TORCH_NCCL_BLOCKING_WAIT"}) {
        setenv(name, "0", 1);
    }
    // What libtorch allocates without naming a GPU would else be a context on the first one, for every rank of the machine.
    c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
    auto meet = [store = store, rank = rank, world = world, device] {
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = 24h;
        auto made = c10::make_intrusive<c10d::ProcessGroupNCCL>(
            c10::make_intrusive<c10d::PrefixStore>("nccl", store), rank, world, options);
        made->eagerConnectSingleDevice(device);
        return c10::intrusive_ptr<Carrier>(std::move(made));
    };
    const auto name = nameOf(rank, world) + ": NCCL cannot connect " + device.str();
    c10::intrusive_ptr<Carrier> found;
    try {
        found = within<c10::intrusive_ptr<Carrier>>(timeout + 1s, meet, name);
    } catch (const Known &) {
        fall(device.str() + " did not meet the others by NCCL within " + seconds(timeout));
    } catch (const c10::Error &error) {
        throw Known(name + ": " + oneLine(error.what_without_backtrace()));
    } catch (const std::exception &error) {
        throw Known(name + ": " + oneLine(error.what()));
    }
    std::lock_guard<std::mutex> lock(mutex);
    nccl = found;
    gpu = device;
}

void CTorchGroup::abandon() {
    c10::intrusive_ptr<Carrier> found;
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
void CTorchGroup::use(c10::Device) { throw Known("this build has no NCCL; docs/scale.md says what to build it with"); }
void CTorchGroup::abandon() {}
#endif

void CTorchGroup::settle() {
    if (!nccl) return;
    const c10::impl::VirtualGuardImpl runtime(gpu.type());
    c10::Event done(gpu.type());
    done.record(runtime.getStream(gpu));
    const auto end = Clock::now() + timeout + 2s;
    for (auto look = Clock::now() + beat; !done.query() && fault().empty(); std::this_thread::sleep_for(50us)) {
        const auto now = Clock::now();
        if (now > end) fall("no answer for " + seconds(timeout));
        if (now < look) continue;
        look = now + beat;
        // Between machines NCCL may notice by itself.
        if (last && last->isCompleted() && !last->isSuccess()) fall("NCCL failed");
    }
    // Where collectives were abandoned the stream went on with numbers that mean nothing.
    if (!fault().empty()) fall("another rank raised the alarm");
    std::lock_guard<std::mutex> lock(mutex);
    last.reset();
}

/// Whether the GPU's collectives stand still, or, on rank 0, a rank gives no sign of life.
bool CTorchGroup::stalls(c10d::TCPStore &own) {
    const auto now = Clock::now();
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (!nccl) return false;
        if (last && now - lastBegan > timeout + 2s) {
            // Asked no earlier: a driver that holds up the calling thread, as its queue is full, may hold up this one.
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

ctorch_status ctorch_group_settle(ctorch_group group) {
    return guard([&] { group->settle(); });
}
#else
bool ctorch_group_has_nccl(void) { return false; }
ctorch_status ctorch_group_use(ctorch_group, int32_t) { return ctorch_group_settle(nullptr); }
ctorch_status ctorch_group_settle(ctorch_group) {
    ctorch::fail("this build has no Gloo; install libgloo-dev (Debian and Ubuntu), and build again");
    return 1;
}
#endif
