// Threads over pairs of tiles. libtorch's own parallel loops are OpenMP's, which this shim is not compiled with.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ctorch {

/// Calls `body(thread)` on so many threads, the caller's among them.
template <typename Body> void in_threads(int64_t count, const Body &body) {
    std::vector<std::thread> others;
    for (int64_t thread = 1; thread < count; thread++) {
        try {
            others.emplace_back([&body, thread] { body(thread); });
        } catch (const std::system_error &) {
            // The system gives no more: the work is shared among fewer.
            break;
        }
    }
    body(0);
    for (auto &other : others) other.join();
}

/// Calls `body(begin, end)` for parts of 0..<count.
template <typename Body> void in_parts(int64_t count, int64_t part, int64_t threads, const Body &body) {
    std::atomic<int64_t> next{0};
    in_threads(std::min(threads, (count + part - 1) / part), [&](int64_t) {
        for (int64_t begin; (begin = next.fetch_add(part)) < count;) body(begin, std::min(begin + part, count));
    });
}

/// All pairs of a tile of rows and a tile of columns, in an order in which neighbours share no tile.
///
/// A pair may run once both of its tiles have done their earlier pairs. So each tile's sums have the same order, whatever the
/// number of threads, and no thread waits for another at the end of a round.
class Rounds {
    struct Pair {
        int32_t row, column;
        /// Pairs of that tile that come before.
        int32_t rowsBefore, columnsBefore;
    };
    std::vector<Pair> pairs;
    int64_t rows, columns;
    bool same;

    void add(int64_t row, int64_t column, std::vector<int32_t> &before) {
        const int64_t other = same ? column : rows + column;
        pairs.push_back({int32_t(row), int32_t(column), before[row], before[other]});
        before[row]++;
        if (other != row) before[other]++;
    }

public:
    /// Where rows and columns are the `same`, each unordered pair comes once, the smaller number first.
    Rounds(int64_t rows, int64_t columns, bool same) : rows(rows), columns(columns), same(same) {
        std::vector<int32_t> before(rows + columns, 0);
        if (!same) {
            const int64_t count = std::max(rows, columns);
            for (int64_t shift = 0; shift < count; shift++)
                for (int64_t row = 0; row < rows; row++)
                    if ((row + shift) % count < columns) add(row, (row + shift) % count, before);
            return;
        }
        for (int64_t row = 0; row < rows; row++) add(row, row, before);
        // As players of a tournament meet: one stays, the others move around a circle.
        const int64_t circle = rows % 2 == 0 ? rows - 1 : rows;
        for (int64_t round = 0; rows > 1 && round < circle; round++) {
            if (circle < rows) add(round, circle, before);
            for (int64_t step = 1; step <= (circle - 1) / 2; step++) {
                const int64_t a = (round + step) % circle, b = (round + circle - step) % circle;
                add(std::min(a, b), std::max(a, b), before);
            }
        }
    }

    /// Calls `body(row tile, column tile, thread)` for all pairs.
    template <typename Body> void run(int64_t threads, const Body &body) const {
        std::unique_ptr<std::atomic<int32_t>[]> done(new std::atomic<int32_t>[rows + columns]);
        for (int64_t tile = 0; tile < rows + columns; tile++) done[tile].store(0, std::memory_order_relaxed);
        std::atomic<size_t> next{0};
        in_threads(std::min<int64_t>(threads, pairs.size()), [&](int64_t thread) {
            auto await = [](const std::atomic<int32_t> &count, int32_t wanted) {
                for (int turns = 0; count.load(std::memory_order_acquire) < wanted; turns++)
                    if (turns > 1000) std::this_thread::yield();
            };
            for (size_t index; (index = next.fetch_add(1)) < pairs.size();) {
                const Pair &pair = pairs[index];
                auto &first = done[pair.row], &second = done[same ? pair.column : rows + pair.column];
                await(first, pair.rowsBefore);
                await(second, pair.columnsBefore);
                body(pair.row, pair.column, thread);
                first.fetch_add(1, std::memory_order_release);
                if (&first != &second) second.fetch_add(1, std::memory_order_release);
            }
        });
    }
};

} // namespace ctorch
