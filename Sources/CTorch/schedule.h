// The order in which threads visit pairs of tiles.
#pragma once
#include "parallel.h"

#include <memory>

namespace ctorch {

/// All pairs of a tile of rows and a tile of columns, ordered so that neighbours share no tile.
///
/// A pair runs when both of its tiles have finished their earlier pairs. Each tile's sums therefore have the same order
/// for any number of threads, and no thread waits for the end of a round.
class RoundRobinSchedule {
    struct Pair {
        int32_t row, column;
        /// The number of earlier pairs with the same tile.
        int32_t rows_before, columns_before;
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
    /// If rows and columns are the `same`, each unordered pair comes once, the smaller index first.
    RoundRobinSchedule(int64_t rows, int64_t columns, bool same) : rows(rows), columns(columns), same(same) {
        std::vector<int32_t> before(rows + columns, 0);
        if (!same) {
            const int64_t count = std::max(rows, columns);
            for (int64_t shift = 0; shift < count; shift++)
                for (int64_t row = 0; row < rows; row++)
                    if ((row + shift) % count < columns) add(row, (row + shift) % count, before);
            return;
        }
        for (int64_t row = 0; row < rows; row++) add(row, row, before);
        // The circle method of a round-robin tournament.
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
        on_threads(std::min<int64_t>(threads, pairs.size()), [&](int64_t thread) {
            auto await = [](const std::atomic<int32_t> &count, int32_t wanted) {
                for (int turns = 0; count.load(std::memory_order_acquire) < wanted; turns++)
                    if (turns > 1000) std::this_thread::yield();
            };
            for (size_t index; (index = next.fetch_add(1)) < pairs.size();) {
                const Pair &pair = pairs[index];
                auto &first = done[pair.row], &second = done[same ? pair.column : rows + pair.column];
                await(first, pair.rows_before);
                await(second, pair.columns_before);
                body(pair.row, pair.column, thread);
                first.fetch_add(1, std::memory_order_release);
                if (&first != &second) second.fetch_add(1, std::memory_order_release);
            }
        });
    }
};

} // namespace ctorch
