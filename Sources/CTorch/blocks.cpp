// Cross entropies of scores by libtorch's own operations, some rows at a time: for devices that the tiles' kernels do not run on.
#include "blocks.h"

namespace ctorch {

namespace {

/// Scores at once: 256 MiB, so much that a GPU is busy with each operation.
constexpr int64_t scores_at_once = 1 << 26;

struct Blocks {
    const ctorch_entropy &settings;
    const at::Tensor x, y, extra;
    const bool same;
    const int64_t height;
    /// The column of each row's positive; undefined where none is one.
    at::Tensor targets, places;
    /// Logarithms of the sums over each anchor's candidates, and its positive's score.
    at::Tensor rows, columns, positives;

    Blocks(const ctorch_entropy &settings, const at::Tensor &x, const at::Tensor &y, const at::Tensor &extra, bool same)
        : settings(settings), x(x), y(y), extra(extra), same(same),
          height(std::max<int64_t>(1, std::min(x.size(0), (settings.at_once > 0 ? settings.at_once : scores_at_once) / y.size(0)))) {
        const auto count = x.size(0);
        places = at::arange(count, x.options().dtype(at::kLong)).unsqueeze(1);
        if (same) targets = (places + count / 2).remainder(count);
        else if (!extra.defined()) targets = places;
    }

    template <typename Each> void each(const Each &body) const {
        for (int64_t start = 0; start < x.size(0); start += height) body(start, std::min(height, x.size(0) - start));
    }

    /// The scores of some rows as they are, and with -infinity where there is no candidate.
    at::Tensor plain(int64_t start, int64_t length) const {
        return at::matmul(x.narrow(0, start, length), y.t()).mul_(settings.scale);
    }
    void mask(at::Tensor &scores, int64_t start, int64_t length) const {
        if (same) scores.scatter_(1, places.narrow(0, start, length), -INFINITY);
        if (targets.defined() && settings.decoupled) scores.scatter_(1, targets.narrow(0, start, length), -INFINITY);
    }

    at::Tensor value() {
        rows = at::empty({x.size(0)}, x.options());
        positives = extra.defined() ? extra : at::empty_like(rows);
        if (settings.columns) columns = at::full({y.size(0)}, -INFINITY, x.options());
        each([&](int64_t start, int64_t length) {
            auto scores = plain(start, length);
            if (targets.defined())
                positives.narrow(0, start, length).copy_(scores.gather(1, targets.narrow(0, start, length)).squeeze(1));
            mask(scores, start, length);
            auto sums = scores.logsumexp(1);
            if (extra.defined() && !settings.decoupled) sums = at::logaddexp(sums, extra.narrow(0, start, length));
            rows.narrow(0, start, length).copy_(sums);
            if (settings.columns) columns = at::logaddexp(columns, scores.logsumexp(0));
        });
        auto mean = (rows - positives).mean();
        return settings.columns ? (mean + (columns - positives).mean()) / 2 : mean;
    }

    /// dL/dx and, where it is defined, dL/dy.
    at::Tensor slopes(at::Tensor &other) const {
        auto own = at::zeros_like(x);
        each([&](int64_t start, int64_t length) {
            auto scores = plain(start, length);
            mask(scores, start, length);
            auto pull = (scores - rows.narrow(0, start, length).unsqueeze(1)).exp_();
            if (settings.columns) pull.add_((scores - columns).exp_()).mul_(0.5);
            if (targets.defined()) {
                const auto target = targets.narrow(0, start, length);
                pull.scatter_add_(1, target, at::full_like(target, -1, x.options()));
            }
            pull.mul_(settings.scale / static_cast<double>(x.size(0)));
            own.narrow(0, start, length).add_(at::matmul(pull, y));
            const auto back = [&] { return at::matmul(pull.t(), x.narrow(0, start, length)); };
            if (same) own.add_(back());
            else if (other.defined()) other.add_(back());
        });
        return own;
    }
};

} // namespace

EntropySlopes entropy_in_blocks(const ctorch_entropy &settings, const at::Tensor &x, const at::Tensor &y,
                                const at::Tensor &extra, bool same, bool slope, bool second_slope) {
    Blocks blocks(settings, x, y, extra, same);
    EntropySlopes result;
    result.loss = blocks.value();
    if (!slope) return result;
    if (second_slope && !same) result.second = at::zeros_like(y);
    result.first = blocks.slopes(result.second);
    if (extra.defined()) {
        const auto share = settings.decoupled ? at::zeros_like(extra) : (extra - blocks.rows).exp();
        result.extra = (share - 1) / x.size(0);
    }
    return result;
}

} // namespace ctorch
