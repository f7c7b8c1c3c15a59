// How ranks find each other, and what they learn of one that is lost.
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
std::string nameOf(int rank, int world) { return "rank " + std::to_string(rank) + " of " + std::to_string(world); }

} // namespace ctorch

namespace {

std::vector<uint8_t> bytesOf(const std::string &text) { return {text.begin(), text.end()}; }
std::string textOf(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }
std::string firstLine(const std::string &text) { return text.substr(0, text.find('\n')); }

/// The address of this machine on the way to a host, as a name may stand for the loopback only.
std::string addressTowards(const std::string &host, int port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_DGRAM;
    const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) throw std::runtime_error("MASTER_ADDR " + host + ": cannot be resolved: " + gai_strerror(failure));
    std::string address = "127.0.0.1";
    for (auto *info = found; info; info = info->ai_next) {
        const int probe = socket(info->ai_family, SOCK_DGRAM, 0);
        if (probe < 0) continue;
        sockaddr_storage own{};
        socklen_t size = sizeof own;
        char text[NI_MAXHOST];
        // Connecting a datagram socket sends nothing; it only chooses the route.
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

/// Whether a port takes connections.
bool listens(const std::string &host, int port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
    bool taken = false;
    for (auto *info = found; info && !taken; info = info->ai_next) {
        const int probe = socket(info->ai_family, SOCK_STREAM, 0);
        if (probe < 0) continue;
        // A host that does not answer at all would hold up the call for minutes.
        const timeval limit{1, 0};
        setsockopt(probe, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        taken = connect(probe, info->ai_addr, info->ai_addrlen) == 0;
        close(probe);
    }
    freeaddrinfo(found);
    return taken;
}

/// Waits until every rank is there, once and with the same count. Runs where it may be left behind, so it holds all that it uses.
void join(const c10::intrusive_ptr<c10d::TCPStore> &store, int rank, int world, int port,
          CTorchGroup::Milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    if (rank == 0) store->set("world", bytesOf(std::to_string(world)));
    const auto refuse = [&](const std::string &reason) {
        store->compareSet("reason", {}, bytesOf(reason));
        throw Known(reason);
    };
    store->wait({"world"}, timeout);
    const auto others = textOf(store->get("world"));
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
        if (store->check({"reason"})) throw Known(textOf(store->get("reason")));
        if (Clock::now() > deadline) {
            throw Known(nameOf(rank, world) + ": rank " + missing + " did not join within " + seconds(timeout));
        }
        std::this_thread::sleep_for(20ms);
    }
}

} // namespace

CTorchGroup::CTorchGroup(std::string host, int port, int rank, int world, Milliseconds timeout)
    : host(std::move(host)), port(port), rank(rank), world(world), timeout(timeout) {
#if TORCH_VERSION_MAJOR >= 2
    // What goes wrong is said in one line here; libtorch would log it first, with pages of addresses.
    setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
    c10::initLogging();
#endif
    const auto own = addressTowards(this->host, port);
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
    const auto unanswered = nameOf(rank, world) + ": MASTER_ADDR:MASTER_PORT " + place +
                            " takes connections but does not answer as rank 0 of a job would";
    try {
        store = within<Store>(timeout + 1s, [=] { return connect(rank == 0); }, unanswered);
    } catch (const Known &) {
        // Newer libtorchs try a refused port for longer than they were told.
        if (rank == 0 || listens(this->host, port)) throw;
        throw Known(nameOf(rank, world) + ": no rank 0 answers at MASTER_ADDR:MASTER_PORT " + place + " within " +
                    seconds(timeout));
    } catch (const std::exception &error) {
        throw Known(
            rank == 0 ? nameOf(rank, world) + ": MASTER_PORT " + std::to_string(port) +
                            " cannot be listened on: " + firstLine(error.what())
                      : nameOf(rank, world) + ": no rank 0 answers at MASTER_ADDR:MASTER_PORT " + place + " within " +
                            seconds(timeout) + ": " + firstLine(error.what()));
    }
    try {
        within<int>(timeout + 1s, [store = store, rank, world, port, timeout] {
            join(store, rank, world, port, timeout);
            return 0;
        }, unanswered);
    } catch (const Known &) {
        throw;
    } catch (const std::exception &error) {
        throw Known(unanswered + ": " + firstLine(error.what()));
    }
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(own));
    options->threads = 2;
    try {
        gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, world, options);
    } catch (const std::exception &error) {
        throw std::runtime_error(nameOf(rank, world) + ": cannot connect to all other ranks: " + firstLine(error.what()));
    }
    auto second = within<Store>(timeout + 1s, [=] { return connect(false); }, unanswered);
    watcher = std::thread([this, second] {
        watch(second);
        // What the GPU waits for will never come: without this nothing on its stream would end, and no host that waits for it.
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

void CTorchGroup::conclude(const std::string &text) {
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (verdict.empty()) verdict = text;
    }
    changed.notify_all();
}

/// Gives signs of life, and finds out what happened where any rank raised the alarm.
void CTorchGroup::watch(c10::intrusive_ptr<c10d::TCPStore> own) {
    try {
        for (;;) {
            own->add("beat/" + std::to_string(rank), 1);
            std::unique_lock<std::mutex> lock(mutex);
            if (stops) return;
            if (!alarmed) {
                lock.unlock();
                const bool heard = own->check({"alarm"}) || stalls(*own);
                lock.lock();
                alarmed = alarmed || heard;
            }
            if (alarmed) {
                lock.unlock();
                own->set("alarm", {1});
                return conclude(diagnose(*own));
            }
            changed.wait_for(lock, beat, [this] { return stops || alarmed; });
        }
    } catch (const std::exception &) {
        conclude(nameOf(0, world) + " ended or is out of reach: its store at " + host + ":" + std::to_string(port) +
                 " is gone");
    } catch (...) {
        conclude("unknown failure of the store");
    }
}

std::string CTorchGroup::diagnose(c10d::TCPStore &own) {
    std::vector<int64_t> before(world);
    for (int other = 0; other < world; other++) before[other] = own.add("beat/" + std::to_string(other), 0);
    const auto end = Clock::now() + silence;
    while (Clock::now() < end) {
        if (own.check({"reason"})) return textOf(own.get("reason"));
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
    // Whoever asks later hears the same.
    own.compareSet("reason", {}, bytesOf(text));
    return text;
}

/// Waits for the watcher's verdict, and throws it.
void CTorchGroup::fall(const std::string &why) {
    std::unique_lock<std::mutex> lock(mutex);
    alarmed = true;
    changed.notify_all();
    if (!changed.wait_for(lock, silence + 3s, [this] { return !verdict.empty(); })) {
        verdict = nameOf(0, world) + " hangs or is out of reach: its store does not answer";
    }
    const auto text = verdict + " (seen by " + nameOf(rank, world) + ": " + firstLine(why) + ")";
    lock.unlock();
    // The others ask rank 0's store.
    if (rank == 0) std::this_thread::sleep_for(2s);
    throw Known(text);
}

void CTorchGroup::wait(const Work &given) {
    const auto &work = given.work;
    const auto start = Clock::now();
    for (;;) {
        std::string why;
        try {
            // Where collectives were abandoned their numbers mean nothing.
            if (given.onStream && !fault().empty()) fall("another rank raised the alarm");
            given.onStream ? work->wait() : work->wait(beat);
            break;
        } catch (const Known &) {
            throw;
        } catch (const c10::Error &error) {
            why = error.what_without_backtrace();
        } catch (const std::exception &error) {
            why = error.what();
        }
        if (given.onStream || (work->isCompleted() && !work->isSuccess())) fall(why);
        if (!fault().empty()) fall("another rank raised the alarm");
        if (Clock::now() - start > timeout + 2s) fall("no answer for " + seconds(timeout));
    }
    nanoseconds += std::chrono::nanoseconds(Clock::now() - start).count();
}

/// Gives a collective to what carries the tensor.
template <typename Call> CTorchGroup::Work CTorchGroup::begin(const at::Tensor &tensor, Call call) {
    bytes += static_cast<int64_t>(tensor.nbytes());
    if (!nccl || !tensor.is_cuda()) return {call(*gloo), false};
    try {
        const Work work{call(*nccl), true};
        std::lock_guard<std::mutex> lock(mutex);
        last = work.work;
        lastBegan = Clock::now();
        return work;
    } catch (const std::exception &error) {
        fall(error.what());
    }
}

CTorchGroup::Work CTorchGroup::reduce(at::Tensor &tensor) {
    std::vector<at::Tensor> tensors{tensor};
    return begin(tensor, [&](Carrier &carrier) { return carrier.allreduce(tensors); });
}

CTorchGroup::Work CTorchGroup::gather(std::vector<at::Tensor> &all, at::Tensor &own) {
    std::vector<std::vector<at::Tensor>> found{all};
    std::vector<at::Tensor> given{own};
    return begin(own, [&](Carrier &carrier) { return carrier.allgather(found, given); });
}

CTorchGroup::Work CTorchGroup::broadcast(at::Tensor &tensor) {
    std::vector<at::Tensor> tensors{tensor};
    return begin(tensor, [&](Carrier &carrier) { return carrier.broadcast(tensors); });
}

void CTorchGroup::follow(const std::string &key, Milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    try {
        if (rank == 0) return store->set(key, {1});
        while (!store->check({key})) {
            if (!fault().empty()) fall("waiting for rank 0");
            if (Clock::now() > deadline) fall("waited " + seconds(patience) + " for rank 0");
            std::this_thread::sleep_for(10ms);
        }
    } catch (const Known &) {
        throw;
    } catch (const std::exception &error) {
        fall(error.what());
    }
}

void CTorchGroup::report(const std::string &reason) {
    {
        std::lock_guard<std::mutex> lock(mutex);
        // The reason came from another rank.
        if (!verdict.empty()) return;
    }
    const auto text = nameOf(rank, world) + ": " + reason;
    auto tell = [store = store, text] {
        store->compareSet("reason", {}, bytesOf(text));
        store->set("alarm", {1});
        return 0;
    };
    try {
        within<int>(silence, tell, "");
    } catch (const std::exception &) {
        return;
    }
    // The others ask rank 0's store.
    if (rank == 0) std::this_thread::sleep_for(2s);
}
#endif
