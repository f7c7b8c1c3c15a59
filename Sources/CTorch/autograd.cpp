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

/// The parameters that have a gradient, with their gradients and state, so that one call updates all of them.
struct Moved {
    std::vector<at::Tensor> parameters, gradients, first, second;

    Moved(const ctorch_tensor *list, const ctorch_tensor *states, const ctorch_tensor *others, int32_t count) {
        for (int32_t index = 0; index < count; index++) {
            const auto &gradient = list[index]->tensor.grad();
            if (!gradient.defined()) continue;
            parameters.push_back(list[index]->tensor);
            gradients.push_back(gradient);
            first.push_back(states[index]->tensor);
            if (others) second.push_back(others[index]->tensor);
        }
    }

    /// The gradients with `decay` times the parameters added.
    std::vector<at::Tensor> decayed(double decay) const {
        return decay != 0 ? at::_foreach_add(gradients, parameters, decay) : gradients;
    }
};

/// The lengths of some tensors, as one tensor.
at::Tensor lengths(const std::vector<at::Tensor> &list) { return at::stack(at::_foreach_norm(list, 2)); }

} // namespace

ctorch_status ctorch_sgd_step(ctorch_sgd settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                              int32_t count) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        Moved moved(parameters, momenta, nullptr, count);
        if (moved.parameters.empty()) return;
        auto gradients = moved.decayed(settings.weight_decay);
        if (settings.momentum != 0) {
            at::_foreach_mul_(moved.first, settings.momentum);
            at::_foreach_add_(moved.first, gradients);
            gradients = settings.nesterov ? at::_foreach_add(gradients, moved.first, settings.momentum) : moved.first;
        }
        at::_foreach_add_(moved.parameters, gradients, -settings.lr);
    });
}

ctorch_status ctorch_adamw_step(ctorch_adamw settings, const ctorch_tensor *parameters, const ctorch_tensor *first,
                                const ctorch_tensor *second, int32_t count) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        Moved moved(parameters, first, second, count);
        if (moved.parameters.empty()) return;
        at::_foreach_mul_(moved.parameters, 1 - settings.lr * settings.weight_decay);
        at::_foreach_mul_(moved.first, settings.beta1);
        at::_foreach_add_(moved.first, moved.gradients, 1 - settings.beta1);
        at::_foreach_mul_(moved.second, settings.beta2);
        at::_foreach_addcmul_(moved.second, moved.gradients, moved.gradients, 1 - settings.beta2);
        auto denominators = at::_foreach_sqrt(moved.second);
        at::_foreach_div_(denominators, std::sqrt(settings.correction2));
        at::_foreach_add_(denominators, settings.eps);
        at::_foreach_addcdiv_(moved.parameters, moved.first, denominators, -settings.lr / settings.correction1);
    });
}

ctorch_status ctorch_lars_step(ctorch_lars settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                               int32_t count) {
    return guard([&] {
        c10::NoGradGuard no_grad;
        Moved moved(parameters, momenta, nullptr, count);
        if (moved.parameters.empty()) return;
        auto gradients = moved.decayed(settings.weight_decay);
        if (settings.adapt) {
            // The rates stay on the device: reading them would wait for it.
            const auto weights = lengths(moved.parameters), norms = lengths(gradients);
            const auto adapted = weights * settings.trust / (norms + settings.eps);
            const auto usable = weights.gt(0).logical_and(norms.gt(0));
            const auto rates = at::where(usable, adapted, at::ones_like(adapted)) * settings.lr;
            gradients = at::_foreach_mul(gradients, rates.unbind(0));
        } else {
            gradients = at::_foreach_mul(gradients, settings.lr);
        }
        at::_foreach_mul_(moved.first, settings.momentum);
        at::_foreach_add_(moved.first, gradients);
        at::_foreach_sub_(moved.parameters, moved.first);
    });
}

ctorch_status ctorch_follow(const ctorch_tensor *own, const ctorch_tensor *leaders, int32_t count, double momentum) {
    return guard([&] {
        if (count == 0) return;
        c10::NoGradGuard no_grad;
        auto followers = tensors(own, count);
        at::_foreach_mul_(followers, momentum);
        at::_foreach_add_(followers, tensors(leaders, count), 1 - momentum);
    });
}
