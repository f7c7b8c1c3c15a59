"""Writes the files that the tests of weights read; with PyTorch 2.13: python3 make.py

resnet18.keys has the keys of torchvision's ResNet-18 with the shapes of width 1.
"""

import json
from collections import OrderedDict

import torch
import torch.nn.functional as F

state = OrderedDict()
for line in open("resnet18.keys"):
    key, *shape = line.split()
    count = torch.Size(map(int, shape)).numel()
    start = len(state)
    state[key] = (torch.arange(count, dtype=torch.float32) % 7 / 7 + start / 128).reshape([int(n) for n in shape])
    if key.endswith("num_batches_tracked"):
        state[key] = torch.tensor(5)

moco = {f"module.encoder_q.{key}": value for key, value in state.items()}
moco |= {f"module.encoder_k.{key}": value + 1 for key, value in state.items()}
moco |= {"module.encoder_q.fc.0.weight": torch.zeros(8, 8), "module.queue": torch.zeros(4, 4)}
torch.save({"epoch": 200, "arch": "resnet18", "state_dict": moco}, "moco.pth", _use_new_zipfile_serialization=False)
broken = OrderedDict(state)
broken["layer1.0.bn1.weight"] = torch.full_like(state["layer1.0.bn1.weight"], float("nan"))
torch.save(broken, "nan.pth")

cases = []
for old, new in ((4, 6), (6, 4), (7, 7), (14, 16), (2, 5)):
    values = torch.sin(torch.arange(old * old * 2, dtype=torch.float32)).reshape(1, old, old, 2)
    resized = F.interpolate(values.permute(0, 3, 1, 2), size=(new, new), mode="bicubic", antialias=True)
    cases.append({"old": old, "new": new, "values": resized.permute(0, 2, 3, 1).flatten().tolist()})
json.dump(cases, open("positions.json", "w"))
