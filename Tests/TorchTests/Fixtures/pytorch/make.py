"""Writes the files that PyTorchFileTests reads; with PyTorch 2.13: python3 make.py"""

import argparse
import collections
import os

import numpy
import torch


class Command:
    def __reduce__(self):
        return os.system, ("touch /tmp/diptych-was-here",)


state = collections.OrderedDict(
    weight=torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2),
    bias=torch.nn.Parameter(torch.arange(2, dtype=torch.float32)),
    num_batches_tracked=torch.tensor(7),
)
state._metadata = {"": {"version": 1}}
torch.save(state, "zip.pth")
torch.save(state, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(state, "protocol4.pth", pickle_protocol=4)
torch.save(
    {
        "epoch": 3,
        "arch": "resnet50",
        "best": numpy.float64(0.5),
        "args": argparse.Namespace(lr=0.1),
        "state_dict": {f"module.encoder_q.{key}": value for key, value in state.items()},
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    },
    "nested.pth",
)
base = torch.arange(24, dtype=torch.float32)
torch.save(
    {
        "channels_last": state["weight"].contiguous(memory_format=torch.channels_last),
        "transposed": base.reshape(4, 6).t(),
        "part": base[5:11],
        "every_other": base[::2],
        "empty": torch.zeros(0, 3),
        "complex": torch.zeros(2, dtype=torch.complex64),
    },
    "strided.pth",
)
kinds = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool)
torch.save({str(kind)[6:]: torch.tensor([0, 1, 1]).to(kind) for kind in kinds}, "types.pth")
torch.save({"weight": torch.zeros(2), "x": Command()}, "code.pth")
torch.save({"weight": torch.zeros(2), "x": Command()}, "code-legacy.pth", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 2), "module.pth")
torch.save({"weight": torch.zeros(1).expand(1000)}, "expanded.pth")
torch.save([1, 2], "no-tensors.pth")
