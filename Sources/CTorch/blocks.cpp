// Cross entropies of scores by libtorch's operations, some rows at a time: for devices other than the CPU.
#include "blocks.h"

namespace ctorch {

namespace {

/// 256 MiB of scores keep a GPU busy in each operation.
constexpr int64_t scores_at_once = 1 << 26;

struct Blocks {
    const ctorch_entropy &settings;
    const at::Tensor x, y, extra;
    const bool same;
    const int64_t height;
    /// The column of each row's positive; undefined where no column is one.
    at::Tensor targets, indices;
    /// Logarithms of the sums over each anchor's candidates, and its positive's score.
    at::Tensor rows, columns, positives;

    explicit Blocks(const EntropyInput &input)
        : settings(input.settings), x(input.x), y(input.y), extra(input.extra), same(input.same),
          height(std::max<int64_t>(
              1, std::min(x.size(0), (settings.at_once > 0 ? settings.at_once : scores_at_once) / y.size(0)))) {
        const auto count = x.size(0);
        indices = at::arange(count, x.options().dtype(at::kLong)).unsqueeze(1);
        if (same) targets = (indices + count / 2).remainder(count);
        else if (!extra.defined()) targets = indices;
    }

    template <typename Each> void each(const Each &body) const {
        for (int64_t start = 0; start < x.size(0); start += height) body(start, std::min(height, x.size(0) - start));
    }

    /// The scores of some rows.
    at::Tensor plain(int64_t start, int64_t length) const {
        return at::matmul(x.narrow(0, start, length), y.t()).mul_(settings.scale);
    }
    /// Replaces the scores of columns that are no candidates by -infinity.
    void mask(at::Tensor &scores, int64_t start, int64_t length) const {
        if (same) scores.scatter_(1, indices.narrow(0, start, length), -INFINITY);
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
    at::Tensor gradients(at::Tensor &other) const {
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

EntropyResult entropy_in_blocks(const EntropyInput &input, EntropyGradients wanted) {
    Blocks blocks(input);
    EntropyResult result;
    result.loss = blocks.value();
    if (wanted == EntropyGradients::none) return result;
    if (wanted == EntropyGradients::both && !input.same) result.second = at::zeros_like(input.y);
    result.first = blocks.gradients(result.second);
    if (input.extra.defined()) {
        const auto share = input.settings.decoupled ? at::zeros_like(input.extra) : (input.extra - blocks.rows).exp();
        result.extra = (share - 1) / input.x.size(0);
    }
    return result;
}

} // namespace ctorch
