// The ranks of a job: a c10d store, Gloo over it, and a thread that watches over both.
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

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace torch::autograd {
struct Node;
}

struct CTorchGroup {
    using Milliseconds = std::chrono::milliseconds;
    using Work = c10::intrusive_ptr<c10d::Work>;

    std::string host;
    int port, rank, world;
    Milliseconds timeout;
    c10::intrusive_ptr<c10d::TCPStore> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    /// Payload given to collectives, and the time that the calling thread waited for them.
    int64_t bytes = 0, nanoseconds = 0;

    CTorchGroup(std::string host, int port, int rank, int world, Milliseconds timeout);
    ~CTorchGroup();

    /// Waits for a collective; where it fails, throws what became of which rank.
    void wait(const Work &work);
    /// Adds a tensor over the ranks, in place.
    Work reduce(at::Tensor &tensor);
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
    std::vector<std::shared_ptr<torch::autograd::Node>> accumulators;
    std::vector<Bucket> buckets;
    std::vector<size_t> bucketOf;
    size_t nextBucket = 0;

  private:
    std::thread watcher;
    std::mutex mutex;
    std::condition_variable changed;
    bool stops = false, alarmed = false;
    std::string verdict;

    void watch(c10::intrusive_ptr<c10d::TCPStore> own);
    std::string diagnose(c10d::TCPStore &own);
    void conclude(const std::string &text);
    [[noreturn]] void fall(const std::string &why);
};
#endif
