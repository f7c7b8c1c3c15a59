// Gradients, and the optimisers' updates: one call a step for all parameters.
#include "shim.h"

#include <c10/core/GradMode.h>

using namespace ctorch;

ctorch_status ctorch_set_requires_grad(ctorch_tensor t, bool required) {
    return guard([&] { t->tensor.requires_grad_(required); });
}

bool ctorch_requires_grad(ctorch_tensor t) { return t->tensor.requires_grad(); }

ctorch_status ctorch_backward(ctorch_tensor t) {
    return guard([&] { t->tensor.backward(); });
}

ctorch_status ctorch_grad(ctorch_tensor t, ctorch_tensor *out) {
    return guard([&] {
        const auto &grad = t->tensor.grad();
        *out = grad.defined() ? wrap(grad) : nullptr;
    });
}

ctorch_status ctorch_clear_grads(const ctorch_tensor *list, int32_t count) {
    return guard([&] {
        for (int32_t index = 0; index < count; index++) list[index]->tensor.mutable_grad() = at::Tensor();
    });
}

ctorch_status ctorch_grads_norm(const ctorch_tensor *list, int32_t count, double *out) {
    return guard([&] {
        std::vector<at::Tensor> gradients;
        for (int32_t index = 0; index < count; index++) {
            const auto &gradient = list[index]->tensor.grad();
            if (gradient.defined()) gradients.push_back(gradient);
        }
        // One call for all, and one number to wait for.
        *out = gradients.empty() ? 0 : at::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
    });
}

bool ctorch_grad_enabled(void) { return c10::GradMode::is_enabled(); }
void ctorch_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }

namespace {

/// Gradients are not recorded while parameters are updated.
struct NoGrad {
    bool before = c10::GradMode::is_enabled();
    NoGrad() { c10::GradMode::set_enabled(false); }
    ~NoGrad() { c10::GradMode::set_enabled(before); }
};

} // namespace

ctorch_status ctorch_sgd_step(ctorch_sgd settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                              int32_t count) {
    return guard([&] {
        NoGrad guard;
        for (int32_t index = 0; index < count; index++) {
            auto &parameter = parameters[index]->tensor;
            if (!parameter.grad().defined()) continue;
            auto gradient = settings.weight_decay != 0 ? parameter.grad().add(parameter, settings.weight_decay)
                                                       : parameter.grad();
            if (settings.momentum != 0) {
                auto &momentum = momenta[index]->tensor;
                momentum.mul_(settings.momentum).add_(gradient);
                gradient = settings.nesterov ? gradient.add(momentum, settings.momentum) : momentum;
            }
            parameter.add_(gradient, -settings.lr);
        }
    });
}

ctorch_status ctorch_adamw_step(ctorch_adamw settings, const ctorch_tensor *parameters, const ctorch_tensor *first,
                                const ctorch_tensor *second, int32_t count) {
    return guard([&] {
        NoGrad guard;
        for (int32_t index = 0; index < count; index++) {
            auto &parameter = parameters[index]->tensor;
            if (!parameter.grad().defined()) continue;
            const auto &gradient = parameter.grad();
            auto &mean = first[index]->tensor;
            auto &square = second[index]->tensor;
            parameter.mul_(1 - settings.lr * settings.weight_decay);
            mean.lerp_(gradient, 1 - settings.beta1);
            square.mul_(settings.beta2).addcmul_(gradient, gradient, 1 - settings.beta2);
            auto denominator = square.sqrt().div_(std::sqrt(settings.correction2)).add_(settings.eps);
            parameter.addcdiv_(mean, denominator, -settings.lr / settings.correction1);
        }
    });
}

ctorch_status ctorch_lars_step(ctorch_lars settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                               int32_t count) {
    return guard([&] {
        NoGrad guard;
        for (int32_t index = 0; index < count; index++) {
            auto &parameter = parameters[index]->tensor;
            if (!parameter.grad().defined()) continue;
            auto gradient = settings.weight_decay != 0 ? parameter.grad().add(parameter, settings.weight_decay)
                                                       : parameter.grad();
            double rate = settings.lr;
            if (settings.adapt) {
                const double weight = parameter.norm().item<double>();
                const double slope = gradient.norm().item<double>();
                if (weight > 0 && slope > 0) rate *= settings.trust * weight / (slope + settings.eps);
            }
            auto &momentum = momenta[index]->tensor;
            momentum.mul_(settings.momentum).add_(gradient, rate);
            parameter.sub_(momentum);
        }
    });
}
