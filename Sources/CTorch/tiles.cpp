// Cross entropies of scores <x_i, y_j> scale, tile by tile: the matrix of scores is never held.
#include "tiles.h"
#include "blocks.h"

#include <ATen/Parallel.h>

using namespace ctorch;

namespace {

constexpr double ln2 = 0.6931471805599453;

/// The two passes over the tiles: sums, then gradients.
struct Entropy {
    const compute_tiles &kernels;
    const ctorch_entropy &settings;
    const Rows &x, &y;
    const bool same;
    /// The scale of scores to base 2 as the kernels round it, and the natural scale that equals it exactly.
    const float scale;
    const double exact;
    Sums rows, columns;
    std::vector<std::vector<float>> scratch;
    const RoundRobinSchedule rounds;
    /// Whether scores are so small that all exponentials fit float32 with one shift for all anchors.
    bool bounded = false;
    float shift = 0;

    Entropy(const compute_tiles &kernels, const ctorch_entropy &settings, const Rows &x, const Rows &y, int64_t threads)
        : kernels(kernels), settings(settings), x(x), y(y), same(&x == &y),
          scale(static_cast<float>(settings.scale / ln2)), exact(double(scale) * ln2), rows(x.all),
          columns(settings.columns ? y.all : 0), scratch(threads, std::vector<float>(side * side + 3 * side)),
          rounds(x.tiles(), y.tiles(), same) {}

    int64_t threads() const { return static_cast<int64_t>(scratch.size()); }

    bool has_column_gradient() const { return same || settings.columns; }
    Sums &second() { return same ? rows : columns; }
    const float *row_shifts(int64_t tile) const { return bounded ? nullptr : rows.shifts.data() + tile * side; }
    const float *column_shifts(int64_t tile) {
        return bounded || !has_column_gradient() ? nullptr : second().shifts.data() + tile * side;
    }
    /// The column of a row's positive; -1 where no column is one.
    int64_t target(int64_t row) const {
        if (same) return row < x.count / 2 ? row + x.count / 2 : row - x.count / 2;
        return settings.extra ? -1 : row;
    }

    /// The scores of a tile, -infinity for columns that are no candidates. Calls `each` with the row, the column and
    /// the score of every positive.
    template <typename Each> float *scores(int64_t i, int64_t j, int64_t thread, const Each &each) {
        float *tile = scratch[thread].data();
        const int64_t height = x.length(i), width = y.length(j);
        kernels.multiply(x.rows(i), x.size, 1, height, y.by_dimension + j * side * x.size,
                         x.size * kernels.columns, width, x.size, tile, side, 0);
        for (int64_t row = 0; row < height; row++) {
            std::fill(tile + row * side + width, tile + row * side + rounded_up(width, kernels.columns), -INFINITY);
            if (same && i == j) tile[row * side + row] = -INFINITY;
            const int64_t column = target(i * side + row) - j * side;
            if (column < 0 || column >= width) continue;
            each(i * side + row, j * side + column, tile[row * side + column]);
        }
        return tile;
    }

    void sum(int64_t i, int64_t j, int64_t thread) {
        float *const maxima = scratch[thread].data() + side * side;
        float *const found = maxima + 2 * side;
        float *tile = scores(i, j, thread, [&](int64_t row, int64_t, float &score) {
            found[row - i * side] = score;
            if (settings.decoupled) score = -INFINITY;
        });
        const int64_t height = x.length(i), width = y.length(j);
        // A tile on the diagonal has both orders of its pairs already.
        const bool both = settings.columns || (same && i != j);
        if (!bounded) {
            std::fill(maxima, maxima + 2 * side, -INFINITY);
            kernels.largest(tile, height, width, maxima, both ? maxima + side : nullptr);
            rows.raise(i * side, height, maxima, scale);
            if (both) second().raise(j * side, width, maxima + side, scale);
        }
        for (int64_t row = i * side; row < i * side + height; row++) {
            const int64_t column = target(row);
            if (column < j * side || column >= j * side + width) continue;
            rows.keep(row, kernels, found[row - i * side], scale, bounded ? shift : rows.shifts[row]);
            if (!both) continue;
            second().keep(column, kernels, found[row - i * side], scale, bounded ? shift : second().shifts[column]);
        }
        kernels.sums(tile, height, width, scale, shift, row_shifts(i), both ? column_shifts(j) : nullptr,
                     rows.sums.data() + i * side, both ? second().sums.data() + j * side : nullptr);
    }

    void gradient(int64_t i, int64_t j, int64_t thread, float *first, float *other) {
        const float pull = static_cast<float>(exact * (same ? 2.0 : 1.0) / x.count);
        float *tile = scores(i, j, thread, [&](int64_t, int64_t, float &score) {
            if (settings.decoupled) score = -INFINITY;
        });
        const int64_t height = x.length(i), width = y.length(j);
        kernels.gradients(tile, height, width, scale, shift, row_shifts(i), column_shifts(j),
                          rows.weights.data() + i * side,
                          has_column_gradient() ? second().weights.data() + j * side : nullptr);
        for (int64_t row = 0; row < height; row++) {
            const int64_t column = target(i * side + row) - j * side;
            if (column >= 0 && column < width) tile[row * side + column] -= pull;
        }
        const int64_t columns = kernels.columns;
        kernels.multiply(tile, side, 1, height, y.by_row + j * side * columns, y.all * columns, x.wide,
                         width, first + i * side * x.wide, x.wide, 1);
        if (other == nullptr || (same && i == j)) return;
        kernels.multiply(tile, 1, side, width, x.by_row + i * side * columns, x.all * columns, x.wide,
                         height, other + j * side * x.wide, x.wide, 1);
    }

    /// The loss.
    double value(const float *extra) {
        double bound = exact * x.longest() * (same ? x.longest() : y.longest());
        for (int64_t i = 0; extra && i < x.count; i++) bound = std::max(bound, std::abs(double(extra[i])));
        // e^-80 is far from the smallest float, and so is the smallest sum.
        bounded = 2 * bound < 80;
        if (bounded) shift = static_cast<float>(bound / ln2);
        for (int64_t i = 0; extra && i < x.count; i++) {
            rows.positives[i] = extra[i] / ln2;
            if (settings.decoupled) continue;
            if (!bounded) rows.shifts[i] = static_cast<float>(extra[i] / ln2);
            rows.sums[i] = std::exp2(extra[i] / ln2 - (bounded ? shift : rows.shifts[i]));
        }
        rounds.run(threads(), [&](int64_t i, int64_t j, int64_t thread) { sum(i, j, thread); });
        double total = 0;
        const double share = (settings.columns ? 0.5 : 1.0) / x.count;
        auto add = [&](Sums &anchors) {
            for (int64_t i = 0; i < x.count; i++) {
                const double top = bounded ? shift : anchors.shifts[i];
                total += (top - anchors.positives[i] + std::log2(anchors.sums[i])) * ln2 * share;
                anchors.weights[i] = static_cast<float>(exact * share / anchors.sums[i]);
            }
        };
        add(rows);
        if (settings.columns) add(columns);
        return total;
    }
};

at::Tensor trimmed(const at::Tensor &all, const Rows &rows) {
    return all.narrow(0, 0, rows.count).narrow(1, 0, rows.size).contiguous();
}

EntropyResult entropy_in_tiles(const EntropyInput &input, EntropyGradients wanted, const compute_tiles &kernels) {
    const auto &settings = input.settings;
    const auto &x = input.x, &y = input.y, &extra = input.extra;
    const bool same = input.same, first = wanted != EntropyGradients::none, second = wanted == EntropyGradients::both;
    // A tile takes some hundred microseconds: fewer are not worth a thread.
    const int64_t tiles = rounded_up(x.size(0), side) / side * (rounded_up(y.size(0), side) / side);
    const int64_t threads = std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), tiles / 2));
    const Rows left(kernels, x, {/*by_dimension=*/same, /*by_row=*/first && (same || second)}, threads);
    const Rows right(kernels, same ? x.narrow(0, 0, 1) : y, {/*by_dimension=*/!same, /*by_row=*/!same && first},
                     threads);
    Entropy entropy(kernels, settings, left, same ? left : right, threads);
    EntropyResult result;
    result.loss = at::scalar_tensor(entropy.value(extra.defined() ? extra.data_ptr<float>() : nullptr), x.options());
    if (!first) return result;
    auto gradient = at::zeros({left.all, left.wide}, x.options());
    auto opposite = same ? gradient : second ? at::zeros({right.all, right.wide}, x.options()) : at::Tensor();
    float *to = written(gradient), *back = opposite.defined() ? written(opposite) : nullptr;
    entropy.rounds.run(threads,
                       [&](int64_t i, int64_t j, int64_t thread) { entropy.gradient(i, j, thread, to, back); });
    if (extra.defined()) {
        result.extra = at::empty_like(extra);
        for (int64_t i = 0; i < left.count; i++) {
            const double top = entropy.bounded ? entropy.shift : entropy.rows.shifts[i];
            const double power = std::exp2(read(extra)[i] / ln2 - top);
            const double share = settings.decoupled ? 0 : power / entropy.rows.sums[i];
            written(result.extra)[i] = static_cast<float>((share - 1) / left.count);
        }
    }
    result.first = trimmed(gradient, left);
    if (!same && second) result.second = trimmed(opposite, right);
    return result;
}

} // namespace

ctorch_status ctorch_entropy_of_products(ctorch_tensor first, ctorch_tensor second, ctorch_entropy settings,
                                         ctorch_tensor *loss, ctorch_tensor *gradient, ctorch_tensor *second_gradient,
                                         ctorch_tensor *extra_gradient) {
    return guard([&] {
        const bool same = second == nullptr;
        auto usable = [](const at::Tensor &t) {
            return t.scalar_type() == at::kFloat && t.dim() == 2 && t.size(0) > 0 && t.size(1) > 0;
        };
        const auto x = first->tensor.detach().contiguous();
        const auto y = same ? x : second->tensor.detach().contiguous();
        TORCH_CHECK(usable(x) && usable(y) && x.device() == y.device(), "expected rows of float32 on one device");
        TORCH_CHECK(x.size(1) == y.size(1), "rows have ", x.size(1), " and ", y.size(1), " dimensions");
        TORCH_CHECK(!same || x.size(0) % 2 == 0, "an odd number of views: ", x.size(0));
        TORCH_CHECK(same || settings.extra || x.size(0) == y.size(0), "there are ", x.size(0), " rows and ", y.size(0));
        TORCH_CHECK(settings.scale > 0, "the scale must be positive, is ", settings.scale);
        at::Tensor extra;
        if (settings.extra) {
            extra = settings.extra->tensor.detach().to(at::kFloat).contiguous();
            TORCH_CHECK(extra.numel() == x.size(0), "there are ", extra.numel(), " positives for ", x.size(0), " rows");
        }
        const EntropyInput input{settings, x, y, extra, same};
        const auto wanted = !gradient         ? EntropyGradients::none
                            : second_gradient ? EntropyGradients::both
                                              : EntropyGradients::first;
        const auto *kernels = chosen(settings.kernels);
        const auto found =
            kernels && x.is_cpu() ? entropy_in_tiles(input, wanted, kernels->tiles) : entropy_in_blocks(input, wanted);
        *loss = wrap(found.loss);
        if (gradient) *gradient = wrap(found.first);
        if (second_gradient && found.second.defined()) *second_gradient = wrap(found.second);
        if (extra_gradient && found.extra.defined()) *extra_gradient = wrap(found.extra);
    });
}
