// Collectives of the ranks of a job, with their gradients.
#include "group.h"

#ifdef CTORCH_GLOO
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

CTorchGroup *group_of(AutogradContext *context) {
    return reinterpret_cast<CTorchGroup *>(context->saved_data["group"].toInt());
}

/// The rows of all ranks; its gradient is that of the sum of all ranks' losses.
struct Gather : torch::autograd::Function<Gather> {
    static at::Tensor forward(AutogradContext *context, at::Tensor rows, std::vector<int64_t> counts, int64_t pointer) {
        auto *group = reinterpret_cast<CTorchGroup *>(pointer);
        context->saved_data["group"] = pointer;
        context->saved_data["counts"] = counts;
        const auto most = *std::max_element(counts.begin(), counts.end());
        auto shape = rows.sizes().vec();
        TORCH_CHECK(shape[0] == counts[group->rank], "gather: ", shape[0], " rows are not the ", counts[group->rank],
                    " of rank ", group->rank);
        shape[0] = most;
        auto own = at::zeros(shape, rows.options());
        own.narrow(0, 0, rows.size(0)).copy_(rows);
        std::vector<at::Tensor> all;
        for (int rank = 0; rank < group->world; rank++) all.push_back(at::empty_like(own));
        group->wait(group->gather(all, own));
        if (equal(counts)) {
            // Row by row in turn, as the sampler deals images: the order of the same batch on one rank.
            shape[0] = most * group->world;
            return at::stack(all, 1).reshape(shape);
        }
        for (int rank = 0; rank < group->world; rank++) all[rank] = all[rank].narrow(0, 0, counts[rank]);
        return at::cat(all, 0);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto *group = group_of(context);
        const auto counts = context->saved_data["counts"].toIntVector();
        auto gradient = gradients[0].contiguous().clone();
        group->wait(group->reduce(gradient));
        const auto own = counts[group->rank];
        at::Tensor part;
        if (equal(counts)) {
            auto shape = gradient.sizes().vec();
            shape[0] = own;
            shape.insert(shape.begin() + 1, group->world);
            part = gradient.reshape(shape).select(1, group->rank);
        } else {
            int64_t start = 0;
            for (int rank = 0; rank < group->rank; rank++) start += counts[rank];
            part = gradient.narrow(0, start, own);
        }
        return {part.contiguous(), at::Tensor(), at::Tensor()};
    }

    static bool equal(const std::vector<int64_t> &counts) {
        return std::all_of(counts.begin(), counts.end(), [&](int64_t count) { return count == counts[0]; });
    }
};

/// Batch norm over the batches of all ranks.
struct Norm : torch::autograd::Function<Norm> {
    static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight, at::Tensor bias,
                              at::Tensor running_mean, at::Tensor running_variance, double momentum, double eps,
                              int64_t pointer) {
        auto *group = reinterpret_cast<CTorchGroup *>(pointer);
        const auto channels = x.size(1);
        // Statistics are float32 where x is bfloat16; the CPU's kernel would round them.
        const auto kind = weight.scalar_type();
        const auto own = at::batch_norm_update_stats(x.is_cuda() ? x : x.to(kind), {}, {}, 0);
        const auto wide = x.options().dtype(at::kDouble).memory_format(c10::nullopt);
        // In float64: the difference of two squares cancels too many digits of float32.
        auto sums = at::empty({2 * channels + 1}, wide);
        const auto mean = std::get<0>(own).to(at::kDouble);
        const auto count = static_cast<double>(x.numel() / channels);
        sums.narrow(0, 0, channels).copy_(mean * count);
        sums.narrow(0, channels, channels).copy_((std::get<1>(own).to(at::kDouble) + mean * mean) * count);
        sums.narrow(0, 2 * channels, 1).fill_(count);
        group->wait(group->reduce(sums));
        // Stays on the device: reading it would stall a GPU at every layer.
        const auto total = sums.narrow(0, 2 * channels, 1);
        TORCH_CHECK(count > 1 || total.item<double>() > 1,
                    "expected more than one value per channel in training, got an input of size ", x.sizes());
        const auto centre = sums.narrow(0, 0, channels) / total;
        const auto spread = (sums.narrow(0, channels, channels) / total - centre * centre).clamp_min(0);
        const auto global_mean = centre.to(kind), global_variance = spread.to(kind);
        running_mean.mul_(1 - momentum).add_(global_mean, momentum);
        running_variance.mul_(1 - momentum).add_((spread * (total / (total - 1))).to(kind), momentum);
        context->save_for_backward({x, weight, global_mean, global_variance, total});
        context->saved_data["group"] = pointer;
        context->saved_data["eps"] = eps;
        return std::get<0>(
            at::native_batch_norm(x, weight, bias, global_mean, global_variance, false, 0, eps));
    }

    // With xhat = (x - mean) / sd and sums over all ranks, dx = w / sd (dy - sum(dy) / n - xhat sum(dy xhat) / n): the
    // gradient for fixed statistics, plus an offset and a multiple of x for each channel.
    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto *group = group_of(context);
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3], &total = saved[4];
        const auto eps = context->saved_data["eps"].toDouble();
        const auto channels = x.size(1);
        const auto inverse = (variance.to(at::kDouble) + eps).rsqrt();
        // A GPU's kernel takes the saved statistics, the CPU's the running ones.
        auto fixed = at::native_batch_norm_backward(gradients[0], x, weight, mean, variance, mean,
                                                    inverse.to(mean.scalar_type()), false, eps, {true, true, true});
        auto &[dx, d_weight, d_bias] = fixed;
        auto sums = at::cat({d_bias, d_weight}).to(at::kDouble);
        group->wait(group->reduce(sums));
        const auto scale = weight.to(at::kDouble) * inverse / total;
        const auto slope = -scale * inverse * sums.narrow(0, channels, channels);
        const auto offset = -scale * sums.narrow(0, 0, channels) - slope * mean.to(at::kDouble);
        std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
        shape[1] = channels;
        const auto kind = weight.scalar_type();
        dx = at::addcmul(dx, x, slope.to(kind).view(shape)).add_(offset.to(kind).view(shape)).to(x.scalar_type());
        return {dx, d_weight, d_bias, {}, {}, {}, {}, {}};
    }
};

void launch(CTorchGroup &group, CTorchGroup::Bucket &bucket) {
    std::vector<at::Tensor> parts;
    for (auto member : bucket.members) {
        const auto &parameter = group.parameters[member];
        parts.push_back((parameter.grad().defined() ? parameter.grad() : at::zeros_like(parameter)).reshape(-1));
    }
    bucket.flat = at::cat(parts);
    bucket.work = group.reduce(bucket.flat);
}

} // namespace

bool ctorch_group_available(void) { return true; }

ctorch_status ctorch_group_new(const char *host, int32_t port, int32_t rank, int32_t world, int64_t milliseconds,
                               ctorch_group *out) {
    return guard([&] { *out = new CTorchGroup(host, port, rank, world, std::chrono::milliseconds(milliseconds)); });
}

void ctorch_group_free(ctorch_group group) { delete group; }

ctorch_status ctorch_group_wait_for_rank_zero(ctorch_group group, const char *key, int64_t milliseconds) {
    return guard([&] { group->wait_for_rank_zero(key, std::chrono::milliseconds(milliseconds)); });
}

void ctorch_group_report(ctorch_group group, const char *reason) {
    try {
        group->report(reason);
    } catch (...) {
    }
}

bool ctorch_group_failed(ctorch_group group) { return !group->fault().empty(); }

void ctorch_group_traffic(ctorch_group group, int64_t *bytes, int64_t *nanoseconds) {
    *bytes = group->bytes;
    *nanoseconds = group->nanoseconds;
}

ctorch_status ctorch_group_all_reduce(ctorch_group group, ctorch_tensor t) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        auto sum = t->tensor.contiguous().clone();
        group->wait(group->reduce(sum));
        t->tensor.copy_(sum);
        group->synchronize();
    });
}

ctorch_status ctorch_group_broadcast(ctorch_group group, const ctorch_tensor *list, int32_t count) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        for (int32_t index = 0; index < count; index++) {
            auto value = list[index]->tensor.contiguous().clone();
            group->wait(group->broadcast(value));
            list[index]->tensor.copy_(value);
        }
        group->synchronize();
    });
}

ctorch_status ctorch_group_gather(ctorch_group group, ctorch_tensor rows, const int64_t *counts, ctorch_tensor *out) {
    return guard([&] {
        std::vector<int64_t> each(counts, counts + group->world);
        *out = wrap(Gather::apply(rows->tensor, each, reinterpret_cast<int64_t>(group)));
    });
}

ctorch_status ctorch_group_batch_norm(ctorch_group group, ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias,
                                      ctorch_tensor mean, ctorch_tensor variance, double momentum, double eps,
                                      ctorch_tensor *out) {
    return guard([&] {
        *out = wrap(Norm::apply(x->tensor, weight->tensor, bias->tensor, mean->tensor, variance->tensor, momentum, eps,
                                reinterpret_cast<int64_t>(group)));
    });
}

ctorch_status ctorch_group_register_hooks(ctorch_group group, const ctorch_tensor *list, int32_t count, int64_t bytes) {
    return guard([&] {
        int64_t filled = bytes;
        group->bucket_of.resize(static_cast<size_t>(count));
        for (int32_t index = 0; index < count; index++) group->parameters.push_back(list[index]->tensor);
        // Backward reaches the last parameters first.
        for (int32_t index = count - 1; index >= 0; index--) {
            if (filled >= bytes) {
                group->buckets.emplace_back();
                filled = 0;
            }
            auto &bucket = group->buckets.back();
            bucket.members.push_back(static_cast<size_t>(index));
            bucket.pending++;
            group->bucket_of[static_cast<size_t>(index)] = group->buckets.size() - 1;
            filled += static_cast<int64_t>(list[index]->tensor.nbytes());
        }
        for (int32_t index = 0; index < count; index++) {
            auto accumulator = torch::autograd::impl::grad_accumulator(list[index]->tensor);
            const auto place = group->bucket_of[static_cast<size_t>(index)];
            accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
                [group, place](const variable_list &outputs, const variable_list &) {
                    c10::NoGradGuard no_grad;
                    group->buckets[place].pending--;
                    // In a fixed order: all ranks must start their collectives in the same one.
                    while (group->next_bucket < group->buckets.size() &&
                           group->buckets[group->next_bucket].pending == 0) {
                        launch(*group, group->buckets[group->next_bucket++]);
                    }
                    return outputs;
                }));
            group->accumulators.push_back(std::move(accumulator));
        }
    });
}

ctorch_status ctorch_group_finish(ctorch_group group) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        // Buckets of which a parameter got no gradient.
        while (group->next_bucket < group->buckets.size()) launch(*group, group->buckets[group->next_bucket++]);
        for (auto &bucket : group->buckets) {
            group->wait(bucket.work);
            int64_t start = 0;
            for (auto member : bucket.members) {
                const auto &parameter = group->parameters[member];
                const auto length = parameter.numel();
                if (parameter.grad().defined()) {
                    parameter.grad().copy_(bucket.flat.narrow(0, start, length).view(parameter.sizes()));
                }
                start += length;
            }
            bucket.work = {};
            bucket.flat.reset();
            bucket.pending = bucket.members.size();
        }
        group->next_bucket = 0;
    });
}

#else
// Without Gloo's headers there is one rank only.
struct CTorchGroup {};
static ctorch_status absent(void) {
    ctorch::fail("this build has no Gloo; install libgloo-dev (Debian and Ubuntu), and build again");
    return 1;
}
bool ctorch_group_available(void) { return false; }
ctorch_status ctorch_group_new(const char *, int32_t, int32_t, int32_t, int64_t, ctorch_group *) { return absent(); }
void ctorch_group_free(ctorch_group) {}
ctorch_status ctorch_group_wait_for_rank_zero(ctorch_group, const char *, int64_t) { return absent(); }
void ctorch_group_report(ctorch_group, const char *) {}
bool ctorch_group_failed(ctorch_group) { return false; }
void ctorch_group_traffic(ctorch_group, int64_t *bytes, int64_t *nanoseconds) { *bytes = *nanoseconds = 0; }
ctorch_status ctorch_group_all_reduce(ctorch_group, ctorch_tensor) { return absent(); }
ctorch_status ctorch_group_broadcast(ctorch_group, const ctorch_tensor *, int32_t) { return absent(); }
ctorch_status ctorch_group_gather(ctorch_group, ctorch_tensor, const int64_t *, ctorch_tensor *) { return absent(); }
ctorch_status ctorch_group_batch_norm(ctorch_group, ctorch_tensor, ctorch_tensor, ctorch_tensor, ctorch_tensor,
                                      ctorch_tensor, double, double, ctorch_tensor *) {
    return absent();
}
ctorch_status ctorch_group_register_hooks(ctorch_group, const ctorch_tensor *, int32_t, int64_t) { return absent(); }
ctorch_status ctorch_group_finish(ctorch_group) { return absent(); }
#endif
