// The ranks of a job: a c10d store, the backends Gloo and, for GPUs, NCCL, and a thread that watches over them.
#pragma once
#include "shim.h"
#include "version.h"

#ifdef CTORCH_GLOO
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>


namespace ctorch {

/// The time between two heartbeats.
constexpr std::chrono::milliseconds beat(500);
/// A rank without a heartbeat for so long is lost.
constexpr std::chrono::milliseconds silence(3000);

/// An error whose message is for the user as it is.
struct ReportedError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Runs `body` on a thread that is abandoned after `limit`, because c10d blocks for ever if a peer accepts a connection
/// and sends nothing.
template <typename Result>
Result within(std::chrono::milliseconds limit, std::function<Result()> body, const std::string &otherwise) {
    auto task = std::make_shared<std::packaged_task<Result()>>(std::move(body));
    auto result = task->get_future();
    std::thread([task] { (*task)(); }).detach();
    if (result.wait_for(limit) != std::future_status::ready) throw ReportedError(otherwise);
    return result.get();
}

std::string seconds(std::chrono::milliseconds time);
std::string rank_name(int rank, int world);

} // namespace ctorch

struct CTorchGroup {
    using Milliseconds = std::chrono::milliseconds;
#if TORCH_VERSION_MAJOR >= 2
    using Backend = c10d::Backend;
#else
    using Backend = c10d::ProcessGroup;
#endif
    /// A running collective. `on_stream` is set if later work on the GPU's stream waits for it instead of the host.
    struct Work {
        c10::intrusive_ptr<c10d::Work> work;
        bool on_stream = false;
    };

    std::string host;
    int port, rank, world;
    Milliseconds timeout;
    c10::intrusive_ptr<c10d::TCPStore> store;
    c10::intrusive_ptr<Backend> gloo;
    /// The backend for tensors on this rank's GPU; null if Gloo is also used for them.
    c10::intrusive_ptr<Backend> nccl;
    c10::Device gpu = c10::Device(c10::kCPU);
    /// Payload given to collectives, and the time that the calling thread waited for them.
    int64_t bytes = 0, nanoseconds = 0;

    CTorchGroup(std::string host, int port, int rank, int world, Milliseconds timeout);
    ~CTorchGroup();

    /// Makes NCCL the backend for tensors on a GPU; all ranks must call it.
    void use(c10::Device device);
    /// Waits for a collective, or makes the GPU's stream wait for it. Throws an error that names the failed rank and
    /// the reason.
    void wait(const Work &work);
    /// Waits until the GPU is idle. Every rank must do so before it trusts a result of its own.
    void synchronize();
    /// Sums a tensor over the ranks, in place.
    Work reduce(at::Tensor &tensor);
    /// Fills `all`, one tensor a rank.
    Work gather(std::vector<at::Tensor> &all, at::Tensor &own);
    /// Overwrites a tensor with rank 0's.
    Work broadcast(at::Tensor &tensor);
    /// Waits until rank 0 has made the same call with the same key, at most for `patience`.
    void wait_for_rank_zero(const std::string &key, Milliseconds patience);
    /// Tells the other ranks why this one ends.
    void report(const std::string &reason);
    /// The reason for the job's failure; empty without a failure.
    std::string fault();

    /// Gradients that are summed over the ranks in one collective, while backward continues.
    struct Bucket {
        std::vector<size_t> members;
        size_t pending = 0;
        at::Tensor flat;
        Work work;
    };
    std::vector<at::Tensor> parameters;
    // The pointer's type depends on the version of libtorch.
    std::vector<decltype(torch::autograd::impl::grad_accumulator(at::Tensor()))> accumulators;
    std::vector<Bucket> buckets;
    std::vector<size_t> bucket_of;
    size_t next_bucket = 0;

  private:
    std::thread watcher;
    std::mutex mutex;
    std::condition_variable changed;
    bool stops = false, alarmed = false;
    std::string verdict;
    /// The last collective that was given to NCCL, which runs them in order, and when.
    c10::intrusive_ptr<c10d::Work> last;
    std::chrono::steady_clock::time_point last_began;
    /// Each rank's number of heartbeats as rank 0 saw it, and when it last changed.
    std::vector<std::pair<int64_t, std::chrono::steady_clock::time_point>> signs;

    template <typename Call> Work begin(const at::Tensor &tensor, Call call);
    bool has_stalled(c10d::TCPStore &own);
    void abandon();
    void watch(c10::intrusive_ptr<c10d::TCPStore> own);
    std::string diagnose(c10d::TCPStore &own);
    void set_verdict(const std::string &text);
    [[noreturn]] void fail_with_verdict(const std::string &why);
};
#endif
