"""Features and gradients of torchvision's networks under weights and inputs that a rule makes, as encoder_forward.py
has them.

The rule is that of encoder_forward.py, and for a ConvNeXt's layer scales 0.3 + 0.1 v; entries are those of `keys`,
without the classifier. The input is 2 v with v = hashed(count, 1000000), shape [4, 3, H, W]. All is computed in
float64, in training mode where `training` is set, else in evaluation. The loss is the sum of features times
hashed(count, 1000001). `gradients` has two numbers a parameter, in the order of `keys`: the product of its gradient
with hashed(count, 2000000 + its index among `keys`), and the gradient's norm. `float32_error` and
`float32_gradient_error` are PyTorch's own: of features over the largest, of products over their norms, where a norm
counts as at least a thousandth of all gradients' norm: some gradients are 0 but for rounding.
"""

import math

import torch
from torch import nn

from common import hashed, import_torchvision, versions, write
from encoder_forward import rule as plain_rule
from encoders import ResNet

models = import_torchvision().models


def mobilenet_v2(stem, width_mult):
    small = stem == "small"
    settings = [
        (1, 16, 1, 1),
        (6, 24, 2, 1 if small else 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    model = models.mobilenet_v2(width_mult=width_mult, inverted_residual_setting=settings)
    if small:
        model.features[0][0].stride = (1, 1)
    return nn.Sequential(model.features, nn.AdaptiveAvgPool2d(1), nn.Flatten()), ("0.", "features.")


def resnet(name):
    def build(stem, width):
        return Features(ResNet(name, width=width, stem=stem)), ("model.", "")

    return build


def convnext(depths):
    def build(width):
        settings = [
            models.convnext.CNBlockConfig(width << i, width << i + 1 if i < 3 else None, depth)
            for i, depth in enumerate(depths)
        ]
        model = models.ConvNeXt(settings)
        model.classifier[2] = nn.Identity()
        return model, ("", "")

    return build


class Features(nn.Module):
    def __init__(self, model):
        super().__init__()
        model.fc = nn.Identity()
        self.model = model

    def forward(self, x):
        return self.model.features(x)


NETWORKS = {
    "mobilenet_v2": mobilenet_v2,
    "resnet101": resnet("resnet101"),
    "wide_resnet50_2": resnet("wide_resnet50_2"),
    "convnext_tiny": convnext([3, 3, 9, 3]),
    "convnext_small": convnext([3, 3, 27, 3]),
}


def rule(key, shape, index):
    if key.endswith("layer_scale"):
        return (0.3 + 0.1 * hashed(math.prod(shape), index)).astype("float32").reshape(shape)
    return plain_rule(key, shape, index)


def run(build, settings, size, training, dtype):
    model, prefix = build(**settings)
    state = {
        key: torch.from_numpy(rule(key, tuple(value.shape), index))
        for index, (key, value) in enumerate(model.state_dict().items())
    }
    model.load_state_dict(state)
    model.to(dtype).train(training)
    shape = (4, 3, *size)
    images = torch.from_numpy((2 * hashed(math.prod(shape), 1_000_000)).astype("float32").reshape(shape)).to(dtype)
    features = model(images)
    (
        features * torch.from_numpy(hashed(features.numel(), 1_000_001).reshape(features.shape)).to(dtype)
    ).sum().backward()
    parameters = dict(model.named_parameters())
    gradients = []
    for index, key in enumerate(state):
        if key in parameters:
            gradient = parameters[key].grad.double().flatten()
            direction = torch.from_numpy(hashed(gradient.numel(), 2_000_000 + index))
            gradients.append([(gradient @ direction).item(), gradient.norm().item()])
    keys = [[prefix[1] + key.removeprefix(prefix[0]), list(value.shape)] for key, value in state.items()]
    return keys, features.detach().double(), torch.tensor(gradients)


def case(name, text, size, training, **settings):
    keys, features, gradients = run(NETWORKS[name], settings, size, training, torch.float64)
    _, single, products = run(NETWORKS[name], settings, size, training, torch.float32)
    error = ((single - features).abs().max() / features.abs().max()).item()
    scale = gradients[:, 1].clamp(min=1e-3 * gradients[:, 1].norm())
    gradient_error = ((products[:, 0] - gradients[:, 0]).abs() / scale).max().item()
    print(name, text, size, f"largest {features.abs().max():.3g} error {error:.1e} gradients {gradient_error:.1e}")
    return {
        "encoder": f"{name}: {{{text}}}",
        "size": size,
        "training": training,
        "float32_error": error,
        "float32_gradient_error": gradient_error,
        "keys": keys,
        "features": features.numpy(),
        "gradients": gradients.numpy(),
    }


def main():
    torch.set_num_threads(1)
    write(
        "networks.json",
        {
            "versions": versions("torch", "torchvision", "numpy"),
            "cases": [
                case("mobilenet_v2", "", (33, 47), False, stem="imagenet", width_mult=1.0),
                case("mobilenet_v2", "width_mult: 0.35", (33, 47), True, stem="imagenet", width_mult=0.35),
                case("mobilenet_v2", "width_mult: 0.35, stem: small", (16, 16), False, stem="small", width_mult=0.35),
                case("resnet101", "width: 8", (33, 47), False, stem="imagenet", width=8),
                case("wide_resnet50_2", "width: 8, stem: small", (24, 24), False, stem="small", width=8),
                case("convnext_tiny", "width: 16", (64, 96), True, width=16),
                case("convnext_small", "width: 8", (32, 32), False, width=8),
            ],
        },
        digits=7,
    )


if __name__ == "__main__":
    main()
