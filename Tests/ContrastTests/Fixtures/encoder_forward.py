"""Pooled features of torchvision's ResNets under weights and inputs that a rule makes, so that no weights are stored.

The rule: entry k of the state dict (in `keys` order, fc included) takes v = hashed(count, k), flattened row-major, and
  4-d          sqrt(6 / (shape[1] shape[2] shape[3])) v
  2-d          sqrt(3 / shape[1]) v
  *running_var 1 + 0.5 v
  *running_mean and *bias   0.1 v
  other *weight (batch norm)   0.7 + 0.1 v
  num_batches_tracked   0
computed in float64 and rounded to float32. The input is 2 v with v = hashed(count, 1000000), shape [2, 3, H, W]
row-major. Outputs come from forward in float64; `float32_error` is PyTorch's own largest float32 deviation from it,
relative to the largest output. Five times that, or 1e-5, whichever is larger, is a fair tolerance.
"""

import math

import numpy as np
import torch

from common import hashed, versions, write
from encoders import ResNet

INPUT_STREAM = 1_000_000


def rule(key, shape, index):
    v = hashed(math.prod(shape), index).reshape(shape)
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if len(shape) == 4:
        v = math.sqrt(6 / math.prod(shape[1:])) * v
    elif len(shape) == 2:
        v = math.sqrt(3 / shape[1]) * v
    elif key.endswith("running_var"):
        v = 1 + 0.5 * v
    elif key.endswith(("running_mean", "bias")):
        v = 0.1 * v
    else:
        v = 0.7 + 0.1 * v
    return v.astype(np.float32)


def build(architecture, width, stem):
    model = ResNet(architecture, width=width, stem=stem)
    state = {
        key: torch.from_numpy(np.array(rule(key, tuple(value.shape), index)))
        for index, (key, value) in enumerate(model.state_dict().items())
    }
    model.load_state_dict(state)
    return model


def images(size):
    shape = (2, 3, *size)
    return torch.from_numpy((2 * hashed(math.prod(shape), INPUT_STREAM)).astype(np.float32).reshape(shape))


@torch.no_grad()
def case(architecture, width, stem, size, training=False):
    model = build(architecture, width, stem).train(training)
    single = model.features(images(size)).double()
    model = build(architecture, width, stem).double().train(training)
    reference = model.features(images(size).double())
    error = ((single - reference).abs().max() / reference.abs().max()).item()
    result = {
        "architecture": architecture,
        "width": width,
        "stem": stem,
        "size": list(size),
        "training": training,
        "float32_error": error,
        "features": reference.numpy(),
    }
    if training:
        after = model.state_dict()
        names = ["bn1.running_mean", "bn1.running_var", "layer4.1.bn2.running_mean", "layer4.1.bn2.running_var"]
        result["after"] = {name: after[name].numpy() for name in names}
        result["after"]["bn1.num_batches_tracked"] = int(after["bn1.num_batches_tracked"])
    print(
        architecture,
        width,
        stem,
        size,
        "train" if training else "eval",
        f"largest {reference.abs().max():.3g} mean {reference.mean():.3g} "
        f"zero {(reference == 0).double().mean():.2f} error {error:.1e}",
    )
    return result


def keys(architecture, width, stem):
    model = ResNet(architecture, width=width, stem=stem)
    return {
        "architecture": architecture,
        "width": width,
        "stem": stem,
        "keys": [[key, list(value.shape)] for key, value in model.state_dict().items()],
    }


def main():
    torch.set_num_threads(1)
    models = [
        ("resnet18", 64, "imagenet"),
        ("resnet34", 64, "imagenet"),
        ("resnet50", 64, "imagenet"),
        ("resnet18", 16, "small"),
    ]
    cases = [case(*model, size) for model in models for size in [(64, 64), (33, 47)]]
    cases.append(case("resnet18", 16, "small", (33, 47), training=True))
    write(
        "encoder_forward.json",
        {
            "versions": versions("torch", "torchvision", "numpy"),
            "rule": "see encoder_forward.py and hashed() in common.py",
            "hashed_check": {"stream": 3, "values": hashed(6, 3)},
            "models": [keys(*model) for model in models],
            "cases": cases,
        },
        digits=8,
    )


if __name__ == "__main__":
    main()
