// How ranks find each other, and how they learn that one is lost.
#include "group.h"

#ifdef CTORCH_GLOO
#include <arpa/inet.h>
#include <c10/util/Logging.h>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ctorch;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace ctorch {

std::string seconds(std::chrono::milliseconds time) {
    char text[32];
    snprintf(text, sizeof text, "%g s", static_cast<double>(time.count()) / 1000);
    return text;
}
std::string rank_name(int rank, int world) { return "rank " + std::to_string(rank) + " of " + std::to_string(world); }

} // namespace ctorch

namespace {

std::vector<uint8_t> to_bytes(const std::string &text) { return {text.begin(), text.end()}; }
std::string to_text(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }
std::string first_line(const std::string &text) { return text.substr(0, text.find('\n')); }

/// The address of this machine on the route to a host: its own name may resolve to the loopback only.
std::string address_towards(const std::string &host, int port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_DGRAM;
    const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0)
        throw std::runtime_error("MASTER_ADDR " + host + ": cannot be resolved: " + gai_strerror(failure));
    std::string address = "127.0.0.1";
    for (auto *info = found; info; info = info->ai_next) {
        const int probe = socket(info->ai_family, SOCK_DGRAM, 0);
        if (probe < 0) continue;
        sockaddr_storage own{};
        socklen_t size = sizeof own;
        char text[NI_MAXHOST];
        // Connecting a datagram socket only chooses the route; it sends nothing.
        const bool known = connect(probe, info->ai_addr, info->ai_addrlen) == 0 &&
                           getsockname(probe, reinterpret_cast<sockaddr *>(&own), &size) == 0 &&
                           getnameinfo(reinterpret_cast<sockaddr *>(&own), size, text, sizeof text, nullptr, 0,
                                       NI_NUMERICHOST) == 0;
        close(probe);
        if (known) {
            address = text;
            break;
        }
    }
    freeaddrinfo(found);
    return address;
}

/// Whether a port accepts connections.
bool listens(const std::string &host, int port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
    bool taken = false;
    for (auto *info = found; info && !taken; info = info->ai_next) {
        const int probe = socket(info->ai_family, SOCK_STREAM, 0);
        if (probe < 0) continue;
        // Without a limit a host that does not answer blocks for minutes.
        const timeval limit{1, 0};
        setsockopt(probe, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        taken = connect(probe, info->ai_addr, info->ai_addrlen) == 0;
        close(probe);
    }
    freeaddrinfo(found);
    return taken;
}

/// Waits until every rank has joined, each once and with the same number of ranks. It may outlive its caller, so it
/// owns all that it uses.
void join(const c10::intrusive_ptr<c10d::TCPStore> &store, int rank, int world, int port,
          CTorchGroup::Milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    if (rank == 0) store->set("world", to_bytes(std::to_string(world)));
    const auto refuse = [&](const std::string &reason) {
        store->compareSet("reason", {}, to_bytes(reason));
        throw ReportedError(reason);
    };
    store->wait({"world"}, timeout);
    const auto others = to_text(store->get("world"));
    if (others != std::to_string(world)) {
        refuse("rank " + std::to_string(rank) + " has WORLD_SIZE " + std::to_string(world) + ", rank 0 has " + others);
    }
    if (store->add("joined/" + std::to_string(rank), 1) > 1) {
        refuse("two processes have RANK " + std::to_string(rank) + ", or MASTER_PORT " + std::to_string(port) +
               " belongs to another job");
    }
    for (;;) {
        std::string missing;
        for (int other = 0; other < world; other++) {
            if (!store->check({"joined/" + std::to_string(other)})) {
                missing += (missing.empty() ? "" : ", ") + std::to_string(other);
            }
        }
        if (missing.empty()) break;
        if (store->check({"reason"})) throw ReportedError(to_text(store->get("reason")));
        if (Clock::now() > deadline) {
            throw ReportedError(rank_name(rank, world) + ": rank " + missing + " did not join within " +
                                seconds(timeout));
        }
        std::this_thread::sleep_for(20ms);
    }
}

} // namespace

CTorchGroup::CTorchGroup(std::string host, int port, int rank, int world, Milliseconds timeout)
    : host(std::move(host)), port(port), rank(rank), world(world), timeout(timeout) {
#if TORCH_VERSION_MAJOR >= 2
    // Errors are reported in one line here; libtorch would log them first, with pages of addresses.
    setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
    c10::initLogging();
#endif
    const auto own = address_towards(this->host, port);
    const auto place = this->host + ":" + std::to_string(port);
    const auto connect = [host = this->host, port, timeout](bool serves) {
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = serves;
        options.waitWorkers = false;
        options.timeout = timeout;
        return c10::make_intrusive<c10d::TCPStore>(host, options);
    };
    using Store = c10::intrusive_ptr<c10d::TCPStore>;
    const auto unanswered = rank_name(rank, world) + ": MASTER_ADDR:MASTER_PORT " + place +
                            " takes connections but does not answer as rank 0 of a job would";
    try {
        store = within<Store>(timeout + 1s, [=] { return connect(rank == 0); }, unanswered);
    } catch (const ReportedError &) {
        // Newer versions of libtorch retry a refused port for longer than the timeout.
        if (rank == 0 || listens(this->host, port)) throw;
        throw ReportedError(rank_name(rank, world) + ": no rank 0 answers at MASTER_ADDR:MASTER_PORT " + place +
                            " within " + seconds(timeout));
    } catch (const std::exception &error) {
        throw ReportedError(rank == 0 ? rank_name(rank, world) + ": MASTER_PORT " + std::to_string(port) +
                                            " cannot be listened on: " + first_line(error.what())
                                      : rank_name(rank, world) + ": no rank 0 answers at MASTER_ADDR:MASTER_PORT " +
                                            place + " within " + seconds(timeout) + ": " + first_line(error.what()));
    }
    try {
        within<int>(timeout + 1s, [store = store, rank, world, port, timeout] {
            join(store, rank, world, port, timeout);
            return 0;
        }, unanswered);
    } catch (const ReportedError &) {
        throw;
    } catch (const std::exception &error) {
        throw ReportedError(unanswered + ": " + first_line(error.what()));
    }
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(own));
    options->threads = 2;
    try {
        gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, world, options);
    } catch (const std::exception &error) {
        throw std::runtime_error(rank_name(rank, world) +
                                 ": cannot connect to all other ranks: " + first_line(error.what()));
    }
    auto second = within<Store>(timeout + 1s, [=] { return connect(false); }, unanswered);
    watcher = std::thread([this, second] {
        watch(second);
        // The GPU waits for data that will never come. Without this its stream, and a host that waits for it, would
        // block for ever.
        abandon();
    });
}

CTorchGroup::~CTorchGroup() {
    {
        std::lock_guard<std::mutex> lock(mutex);
        stops = true;
    }
    changed.notify_all();
    if (watcher.joinable()) watcher.join();
}

std::string CTorchGroup::fault() {
    std::lock_guard<std::mutex> lock(mutex);
    return verdict;
}

void CTorchGroup::set_verdict(const std::string &text) {
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (verdict.empty()) verdict = text;
    }
    changed.notify_all();
}

/// Sends heartbeats, and finds out what happened when a rank raised the alarm.
void CTorchGroup::watch(c10::intrusive_ptr<c10d::TCPStore> own) {
    try {
        for (;;) {
            own->add("beat/" + std::to_string(rank), 1);
            std::unique_lock<std::mutex> lock(mutex);
            if (stops) return;
            if (!alarmed) {
                lock.unlock();
                const bool heard = own->check({"alarm"}) || has_stalled(*own);
                lock.lock();
                alarmed = alarmed || heard;
            }
            if (alarmed) {
                lock.unlock();
                own->set("alarm", {1});
                return set_verdict(diagnose(*own));
            }
            changed.wait_for(lock, beat, [this] { return stops || alarmed; });
        }
    } catch (const std::exception &) {
        set_verdict(rank_name(0, world) + " ended or is out of reach: its store at " + host + ":" +
                    std::to_string(port) + " is gone");
    } catch (...) {
        set_verdict("unknown failure of the store");
    }
}

std::string CTorchGroup::diagnose(c10d::TCPStore &own) {
    std::vector<int64_t> before(world);
    for (int other = 0; other < world; other++) before[other] = own.add("beat/" + std::to_string(other), 0);
    const auto end = Clock::now() + silence;
    while (Clock::now() < end) {
        if (own.check({"reason"})) return to_text(own.get("reason"));
        own.add("beat/" + std::to_string(rank), 1);
        std::this_thread::sleep_for(100ms);
    }
    std::string lost;
    for (int other = 0; other < world; other++) {
        if (other == rank || own.add("beat/" + std::to_string(other), 0) != before[other]) continue;
        lost += (lost.empty() ? "" : ", ") + std::to_string(other);
    }
    if (lost.empty()) return "the connection between ranks was lost, all " + std::to_string(world) + " of which live";
    const auto text = "rank " + lost + " of " + std::to_string(world) + " died, hangs or is out of reach";
    // Later callers get the same reason.
    own.compareSet("reason", {}, to_bytes(text));
    return text;
}

/// Waits for the watcher's verdict, and throws it.
void CTorchGroup::fail_with_verdict(const std::string &why) {
    std::unique_lock<std::mutex> lock(mutex);
    alarmed = true;
    changed.notify_all();
    if (!changed.wait_for(lock, silence + 3s, [this] { return !verdict.empty(); })) {
        verdict = rank_name(0, world) + " hangs or is out of reach: its store does not answer";
    }
    const auto text = verdict + " (seen by " + rank_name(rank, world) + ": " + first_line(why) + ")";
    lock.unlock();
    // The other ranks still read the store, which rank 0 hosts.
    if (rank == 0) std::this_thread::sleep_for(2s);
    throw ReportedError(text);
}

void CTorchGroup::wait(const Work &given) {
    const auto &work = given.work;
    const auto start = Clock::now();
    for (;;) {
        std::string why;
        try {
            // The results of aborted collectives are meaningless.
            if (given.on_stream && !fault().empty()) fail_with_verdict("another rank raised the alarm");
            given.on_stream ? work->wait() : work->wait(beat);
            break;
        } catch (const ReportedError &) {
            throw;
        } catch (const c10::Error &error) {
            why = error.what_without_backtrace();
        } catch (const std::exception &error) {
            why = error.what();
        }
        if (given.on_stream || (work->isCompleted() && !work->isSuccess())) fail_with_verdict(why);
        if (!fault().empty()) fail_with_verdict("another rank raised the alarm");
        if (Clock::now() - start > timeout + 2s) fail_with_verdict("no answer for " + seconds(timeout));
    }
    nanoseconds += std::chrono::nanoseconds(Clock::now() - start).count();
}

/// Starts a collective on the tensor's backend.
template <typename Call> CTorchGroup::Work CTorchGroup::begin(const at::Tensor &tensor, Call call) {
    bytes += static_cast<int64_t>(tensor.nbytes());
    if (!nccl || !tensor.is_cuda()) return {call(*gloo), false};
    try {
        const Work work{call(*nccl), true};
        std::lock_guard<std::mutex> lock(mutex);
        last = work.work;
        last_began = Clock::now();
        return work;
    } catch (const std::exception &error) {
        fail_with_verdict(error.what());
    }
}

CTorchGroup::Work CTorchGroup::reduce(at::Tensor &tensor) {
    std::vector<at::Tensor> tensors{tensor};
    return begin(tensor, [&](Backend &backend) { return backend.allreduce(tensors); });
}

CTorchGroup::Work CTorchGroup::gather(std::vector<at::Tensor> &all, at::Tensor &own) {
    std::vector<std::vector<at::Tensor>> found{all};
    std::vector<at::Tensor> given{own};
    return begin(own, [&](Backend &backend) { return backend.allgather(found, given); });
}

CTorchGroup::Work CTorchGroup::broadcast(at::Tensor &tensor) {
    std::vector<at::Tensor> tensors{tensor};
    return begin(tensor, [&](Backend &backend) { return backend.broadcast(tensors); });
}

void CTorchGroup::wait_for_rank_zero(const std::string &key, Milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    try {
        if (rank == 0) return store->set(key, {1});
        while (!store->check({key})) {
            if (!fault().empty()) fail_with_verdict("waiting for rank 0");
            if (Clock::now() > deadline) fail_with_verdict("waited " + seconds(patience) + " for rank 0");
            std::this_thread::sleep_for(10ms);
        }
    } catch (const ReportedError &) {
        throw;
    } catch (const std::exception &error) {
        fail_with_verdict(error.what());
    }
}

void CTorchGroup::report(const std::string &reason) {
    {
        std::lock_guard<std::mutex> lock(mutex);
        // Another rank has reported its reason already.
        if (!verdict.empty()) return;
    }
    const auto text = rank_name(rank, world) + ": " + reason;
    auto tell = [store = store, text] {
        store->compareSet("reason", {}, to_bytes(text));
        store->set("alarm", {1});
        return 0;
    };
    try {
        within<int>(silence, tell, "");
    } catch (const std::exception &) {
        return;
    }
    // The other ranks still read the store, which rank 0 hosts.
    if (rank == 0) std::this_thread::sleep_for(2s);
}
#endif
