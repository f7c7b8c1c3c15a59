// The ranks of a job: a c10d store, Gloo over it, NCCL beside it for GPUs, and a thread that watches over all.
#pragma once
#include "shim.h"

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

#if __has_include(<torch/version.h>)
#include <torch/version.h>
#endif
#ifndef TORCH_VERSION
#include <torch/csrc/api/include/torch/version.h>
#endif

namespace ctorch {

/// Between two signs of life.
constexpr std::chrono::milliseconds beat(500);
/// A rank that gives none for so long is lost.
constexpr std::chrono::milliseconds silence(3000);

/// What is known well enough to be said as it is.
struct Known : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// c10d blocks for ever on a peer that takes a connection and says nothing, so it is asked from a thread that can be left.
template <typename Result>
Result within(std::chrono::milliseconds limit, std::function<Result()> body, const std::string &otherwise) {
    auto task = std::make_shared<std::packaged_task<Result()>>(std::move(body));
    auto result = task->get_future();
    std::thread([task] { (*task)(); }).detach();
    if (result.wait_for(limit) != std::future_status::ready) throw Known(otherwise);
    return result.get();
}

std::string seconds(std::chrono::milliseconds time);
std::string nameOf(int rank, int world);

} // namespace ctorch

struct CTorchGroup {
    using Milliseconds = std::chrono::milliseconds;
#if TORCH_VERSION_MAJOR >= 2
    using Carrier = c10d::Backend;
#else
    using Carrier = c10d::ProcessGroup;
#endif
    /// A collective under way. On a GPU's stream nothing waits for it but what the stream is given later.
    struct Work {
        c10::intrusive_ptr<c10d::Work> work;
        bool onStream = false;
    };

    std::string host;
    int port, rank, world;
    Milliseconds timeout;
    c10::intrusive_ptr<c10d::TCPStore> store;
    c10::intrusive_ptr<Carrier> gloo;
    /// What carries tensors on this rank's GPU; where it is null Gloo carries them too.
    c10::intrusive_ptr<Carrier> nccl;
    c10::Device gpu = c10::Device(c10::kCPU);
    /// Payload given to collectives, and the time that the calling thread waited for them.
    int64_t bytes = 0, nanoseconds = 0;

    CTorchGroup(std::string host, int port, int rank, int world, Milliseconds timeout);
    ~CTorchGroup();

    /// Lets NCCL carry the tensors on a GPU from here on; it meets the other ranks.
    void use(c10::Device device);
    /// Waits for a collective, or lets the GPU's stream wait for it; where it fails, throws what became of which rank.
    void wait(const Work &work);
    /// Waits for all that the GPU was given, as every rank must before it believes a number of its own.
    void settle();
    /// Adds a tensor over the ranks, in place.
    Work reduce(at::Tensor &tensor);
    /// Fills `all`, one tensor a rank.
    Work gather(std::vector<at::Tensor> &all, at::Tensor &own);
    /// Overwrites a tensor by rank 0's.
    Work broadcast(at::Tensor &tensor);
    /// Waits until rank 0 has made the same call with the same key, so long that it may work alone before.
    void follow(const std::string &key, Milliseconds patience);
    /// Tells the other ranks why this one ends.
    void report(const std::string &reason);
    /// What became of the job; empty while all is well.
    std::string fault();

    /// Gradients that are added over the ranks, bucket by bucket, while backward goes on.
    struct Bucket {
        std::vector<size_t> members;
        size_t pending = 0;
        at::Tensor flat;
        Work work;
    };
    std::vector<at::Tensor> parameters;
    // Libtorch's versions count their owners in different ways.
    std::vector<decltype(torch::autograd::impl::grad_accumulator(at::Tensor()))> accumulators;
    std::vector<Bucket> buckets;
    std::vector<size_t> bucketOf;
    size_t nextBucket = 0;

  private:
    std::thread watcher;
    std::mutex mutex;
    std::condition_variable changed;
    bool stops = false, alarmed = false;
    std::string verdict;
    /// The last collective that was given to NCCL, which carries them out in turn, and when.
    c10::intrusive_ptr<c10d::Work> last;
    std::chrono::steady_clock::time_point lastBegan;
    /// What rank 0 saw of each rank's signs of life, and when they last changed.
    std::vector<std::pair<int64_t, std::chrono::steady_clock::time_point>> signs;

    template <typename Call> Work begin(const at::Tensor &tensor, Call call);
    bool stalls(c10d::TCPStore &own);
    void abandon();
    void watch(c10::intrusive_ptr<c10d::TCPStore> own);
    std::string diagnose(c10d::TCPStore &own);
    void conclude(const std::string &text);
    [[noreturn]] void fall(const std::string &why);
};
#endif
