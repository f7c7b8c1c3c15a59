"""A state dict as Python's safetensors saves it, torchvision's keys and fc included, with what it makes of a known
input.

ResNet-18, small stem, width 8, 10 classes, eval mode, after a few training steps so that the running statistics are not
the initial ones. The input is `2 hashed(count, 1000000)`, [2, 3, 32, 32], as in encoder_forward.py. `float32_error` as
there.
"""

import numpy as np
import torch
from safetensors.torch import save_file

from common import HERE, hashed, versions, write
from encoders import ResNet


def main():
    torch.set_num_threads(1)
    torch.manual_seed(20)
    model = ResNet("resnet18", width=8, stem="small", classes=10).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(4):
        loss = torch.nn.functional.cross_entropy(model(torch.randn(16, 3, 16, 16)), torch.randint(10, (16,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    path = HERE / "torchvision_state.safetensors"
    save_file(state, path, metadata={"format": "pt"})
    print(f"{path.name}: {path.stat().st_size} bytes")

    x = torch.from_numpy((2 * hashed(2 * 3 * 32 * 32, 1_000_000)).astype(np.float32).reshape(2, 3, 32, 32))
    model.eval()
    with torch.no_grad():
        single = model.features(x).double()
        model.double()
        features = model.features(x.double())
        logits = model.fc(features)
    write(
        "torchvision_state.json",
        {
            "versions": versions("torch", "torchvision", "safetensors", "numpy"),
            "architecture": "resnet18",
            "width": 8,
            "stem": "small",
            "size": [32, 32],
            "tensors": len(state),
            "extra_keys": ["fc.weight", "fc.bias"],
            "float32_error": ((single - features).abs().max() / features.abs().max()).item(),
            "features": features.numpy(),
            "logits": logits.numpy(),
        },
        digits=8,
    )


main()
