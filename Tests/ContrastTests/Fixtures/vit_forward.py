"""Features of timm's VisionTransformer under weights and inputs that a rule makes, as encoder_forward.py does for
ResNets.

The rule: entry k of `keys` takes v = hashed(count, k), flattened row-major, and
  4-d, 2-d     sqrt(3 / product of shape[1:]) v
  3-d          0.5 v (positions and the class token; positions that are fixed stay as MoCo v3's code makes them)
  *bias        0.1 v
  *gamma       0.3 + 0.1 v
  other (norms' weights)   0.7 + 0.1 v
computed in float64 and rounded to float32. The input is 2 v with v = hashed(count, 1000000), shape [2, 3, S, S].
Outputs come from forward in float64. `gradients` are as in networks.py, of all `keys` in their order. `positions`
are the fixed ones where a case has them, from timm's build_2d_sincos_posemb.

Needs timm beside the packages of README.md.
"""

import math
import sys
import types

import numpy as np
import torch

from common import hashed, import_torchvision, versions, write

import_torchvision()
from timm.layers import build_sincos2d_pos_embed
from timm.models.vision_transformer import VisionTransformer


def rule(shape, name, index):
    v = hashed(math.prod(shape), index).reshape(shape)
    if len(shape) in (2, 4):
        v = math.sqrt(3 / math.prod(shape[1:])) * v
    elif len(shape) == 3:
        v = 0.5 * v
    elif name.endswith("bias"):
        v = 0.1 * v
    elif name.endswith("gamma"):
        v = 0.3 + 0.1 * v
    else:
        v = 0.7 + 0.1 * v
    return v.astype(np.float32)


def case(size, patch, width, depth, heads, ratio, pool, position, registers=0, layer_scale=0):
    model = VisionTransformer(
        img_size=size,
        patch_size=patch,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        mlp_ratio=ratio,
        num_classes=0,
        class_token=pool == "class_token",
        global_pool="token" if pool == "class_token" else "avg",
        reg_tokens=registers,
        no_embed_class=registers > 0,
        init_values=layer_scale or None,
    )
    state = model.state_dict()
    keys = [[name, list(value.shape)] for name, value in state.items()]
    for index, (name, value) in enumerate(state.items()):
        state[name] = torch.from_numpy(rule(tuple(value.shape), name, index))
    result = {
        "size": size,
        "patch": patch,
        "width": width,
        "depth": depth,
        "heads": heads,
        "ratio": ratio,
        "pool": pool,
        "position": position,
        "registers": registers,
        "layer_scale": layer_scale,
        "keys": keys,
    }
    if position == "sin_cos":
        side = size // patch
        # As MoCo v3: columns before rows, sines before cosines, each block whole.
        table = build_sincos2d_pos_embed([side, side], dim=width, interleave_sin_cos=False)
        quarter = width // 4
        omega = 1 / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)
        rows, columns = torch.meshgrid(
            torch.arange(side, dtype=torch.float64), torch.arange(side, dtype=torch.float64), indexing="ij"
        )
        column, row = columns.flatten()[:, None] * omega, rows.flatten()[:, None] * omega
        positions = torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=1)
        # timm's holds the same numbers, in another order.
        assert torch.allclose(table.sort(dim=1).values.double(), positions.sort(dim=1).values, atol=1e-5)
        if pool == "class_token":
            positions = torch.cat([torch.zeros(1, width, dtype=torch.float64), positions])
        state["pos_embed"] = positions[None]
        result["positions"] = positions.numpy()
    model.load_state_dict(state)
    model.double().eval()
    shape = (2, 3, size, size)
    images = torch.from_numpy((2 * hashed(math.prod(shape), 1_000_000)).astype(np.float32).reshape(shape)).double()
    features = model(images)
    result["features"] = features.detach().numpy()
    (features * torch.from_numpy(hashed(features.numel(), 1_000_001).reshape(features.shape))).sum().backward()
    parameters = dict(model.named_parameters())
    result["gradients"] = [
        [(gradient @ torch.from_numpy(hashed(gradient.numel(), 2_000_000 + index))).item(), gradient.norm().item()]
        for index, gradient in enumerate(parameters[name].grad.flatten() for name, _ in keys)
    ]
    print(size, patch, width, pool, position, "largest", float(np.abs(result["features"]).max()))
    return result


def main():
    torch.set_num_threads(1)
    write(
        "vit_forward.json",
        {
            "versions": versions("torch", "timm", "numpy"),
            "cases": [
                case(16, 4, 24, 2, 3, 4, "class_token", "learned"),
                case(16, 4, 24, 2, 2, 2, "mean", "learned"),
                case(12, 4, 16, 1, 4, 1.5, "class_token", "sin_cos"),
                case(12, 3, 8, 3, 1, 4, "mean", "sin_cos"),
                case(28, 14, 24, 2, 3, 4, "class_token", "learned", 4, 1e-5),
                case(16, 4, 16, 2, 2, 4, "mean", "learned", 2, 0.1),
                case(16, 4, 16, 2, 2, 4, "class_token", "learned", 0, 0.1),
            ],
        },
        digits=8,
    )


if __name__ == "__main__":
    main()
