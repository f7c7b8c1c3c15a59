"""Embeddings of open_clip's TextTransformer (CLIP's text tower) under weights that a rule makes, as encoder_forward.py
does for ResNets.

The rule: entry k of `keys` takes v = hashed(count, k), flattened row-major, and
  2-d          sqrt(3 / shape[1]) v; token_embedding and positional_embedding 0.5 v
  *bias        0.1 v
  other (norms' weights)   0.7 + 0.1 v
computed in float64 and rounded to float32. Rows of tokens begin with the start, `tokens` - 2, hold an end, `tokens` -
1, and zeros after it. Outputs come from forward in float64.

Needs open_clip_torch, ftfy, regex and huggingface_hub beside the packages of README.md.
"""

import math

import numpy as np
import torch

from common import hashed, import_torchvision, versions, write

import_torchvision()
from open_clip.transformer import QuickGELU, TextTransformer


def rule(shape, name, index):
    v = hashed(math.prod(shape), index).reshape(shape)
    if name in ("token_embedding.weight", "positional_embedding"):
        v = 0.5 * v
    elif len(shape) == 2:
        v = math.sqrt(3 / shape[1]) * v
    elif name.endswith("bias"):
        v = 0.1 * v
    else:
        v = 0.7 + 0.1 * v
    return v.astype(np.float32)


@torch.no_grad()
def case(context, tokens, width, depth, heads, output, quick):
    model = TextTransformer(
        context_length=context,
        vocab_size=tokens,
        width=width,
        heads=heads,
        layers=depth,
        output_dim=output,
        act_layer=QuickGELU if quick else torch.nn.GELU,
    )
    state = {
        name: torch.from_numpy(rule(tuple(value.shape), name, index))
        for index, (name, value) in enumerate(model.state_dict().items())
    }
    model.load_state_dict(state)
    model.double().eval()
    lengths = [context, 3, context // 2]
    rows = []
    for row, length in enumerate(lengths):
        middle = [(row * 5 + place * 3) % (tokens - 2) for place in range(length - 2)]
        rows.append([tokens - 2, *middle, tokens - 1] + [0] * (context - length))
    features = model(torch.tensor(rows)).numpy()
    print(context, width, "largest", float(np.abs(features).max()))
    return {
        "context": context,
        "tokens": tokens,
        "width": width,
        "depth": depth,
        "heads": heads,
        "output": output,
        "quick": quick,
        "keys": [[name, list(value.shape)] for name, value in state.items()],
        "rows": rows,
        "features": features,
    }


def main():
    torch.set_num_threads(1)
    write(
        "clip_text.json",
        {
            "versions": versions("torch", "open_clip_torch", "numpy"),
            "cases": [case(9, 21, 12, 2, 3, 5, True), case(6, 11, 8, 1, 2, 8, False)],
        },
        digits=8,
    )


main()
