// The inputs and sums of the passes over tiles.
#pragma once
#include "kernels.h"
#include "schedule.h"

#include <cmath>

namespace ctorch {

constexpr int64_t side = TILE_SIDE;

/// Rows `[count, size]` in the layouts that the kernels need: unchanged, as the right factor of products over
/// dimensions (`by_dimension`), and as the right factor of products over rows (`by_row`).
struct Rows {
    int64_t count, size, all, wide;
    const float *data, *by_dimension = nullptr, *by_row = nullptr;

    /// Which right factors are needed.
    struct Needs {
        bool by_dimension, by_row;
    };

    Rows(const compute_tiles &kernels, const at::Tensor &x, Needs needs, int64_t threads)
        : count(x.size(0)), size(x.size(1)), all(rounded_up(count, side)), wide(rounded_up(size, kernels.columns)),
          data(x.data_ptr<float>()) {
        // The kernels read whole groups of rows, so the last tile is padded.
        const int64_t start = all - side, columns = kernels.columns;
        last.assign(side * size, 0);
        std::copy(data + start * size, data + count * size, last.begin());
        if (needs.by_dimension) {
            memory[0] = at::empty({all * size}, x.options());
            float *to = memory[0].data_ptr<float>();
            by_dimension = to;
            parallel_chunks(all / columns, 64, threads, [&](int64_t begin, int64_t end) {
                for (int64_t panel = begin; panel < end; panel++)
                    for (int64_t k = 0; k < size; k++)
                        for (int64_t j = 0; j < columns; j++) {
                            const int64_t row = panel * columns + j;
                            to[(panel * size + k) * columns + j] = row < count ? data[row * size + k] : 0;
                        }
            });
        }
        if (needs.by_row) {
            memory[1] = at::empty({wide * all}, x.options());
            float *to = memory[1].data_ptr<float>();
            by_row = to;
            parallel_chunks(all, 1024, threads, [&](int64_t begin, int64_t end) {
                for (int64_t panel = 0; panel < wide / columns; panel++)
                    for (int64_t row = begin; row < end; row++)
                        for (int64_t j = 0; j < columns; j++) {
                            const int64_t k = panel * columns + j;
                            to[(panel * all + row) * columns + j] = row < count && k < size ? data[row * size + k] : 0;
                        }
            });
        }
    }

    int64_t tiles() const { return all / side; }
    int64_t length(int64_t tile) const { return std::min(side, count - tile * side); }
    const float *rows(int64_t tile) const { return tile + 1 == tiles() ? last.data() : data + tile * side * size; }

    /// The length of the longest row; NaN where one is NaN.
    double longest() const {
        double top = 0;
        for (int64_t i = 0; i < count; i++) {
            double square = 0;
            for (int64_t k = 0; k < size; k++) square += double(data[i * size + k]) * data[i * size + k];
            if (!(square <= top)) top = square;
        }
        return std::sqrt(top);
    }

private:
    std::vector<float> last;
    at::Tensor memory[2];
};

/// Running sums of 2^(t - shift) over the candidates t of each anchor.
struct Sums {
    std::vector<float> shifts, weights;
    std::vector<double> sums, positives;
    explicit Sums(int64_t count) : shifts(count, -1e30f), weights(count, 0), sums(count, 0), positives(count, 0) {}

    /// Stores the positive of an anchor with the rounding that it has in the sum: where it dominates, both cancel
    /// exactly.
    void keep(int64_t anchor, const compute_tiles &kernels, float score, float scale, float shift) {
        positives[anchor] = kernels.exponent(score, scale, shift) + shift;
    }

    /// Raises the shifts of `count` anchors to the maxima of new scores.
    void raise(int64_t start, int64_t count, const float *maxima, float scale) {
        for (int64_t i = 0; i < count; i++) {
            const float top = maxima[i] * scale;
            float &shift = shifts[start + i];
            if (!(top > shift)) continue;
            sums[start + i] *= std::exp2(double(shift) - top);
            shift = top;
        }
    }
};

} // namespace ctorch
