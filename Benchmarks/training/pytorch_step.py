"""Times SimCLR's step in PyTorch eager: networks, NT-Xent, gradients and SGD on a batch that lies on the device.

    python pytorch_step.py --width 32 --batch 128 --side 32 [--device cuda --precision bfloat16] [--compile]

The last line of stdout is one JSON object with the milliseconds of each step. No loader: that is what Diptych's own steps, which
include it, are measured against. Needs torch and torchvision.
"""

import argparse
import json
import os
import sys
import time
import types

import torch
from torch import nn
from torch.nn import functional as F

try:
    import torchvision
except (RuntimeError, ImportError):
    # A torchvision wheel whose compiled operators do not load here: the models do not need them.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    operators = torch.library.Library("torchvision", "DEF")
    operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    import torchvision
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet


def encoder(name, stem, width):
    if name in ("mobilenet_v2", "convnext_tiny"):
        network = getattr(torchvision.models, name)()
        size = network.classifier[-1].in_features
        if name == "mobilenet_v2":
            network.classifier = nn.Identity()
        else:
            network.classifier[2] = nn.Identity()
        return network, size
    block, depths = {"resnet18": (BasicBlock, [2, 2, 2, 2]), "resnet50": (Bottleneck, [3, 4, 6, 3])}[name]
    network = ResNet(block, depths)
    network.inplanes = width
    small = stem == "small"
    network.conv1 = nn.Conv2d(3, width, 3 if small else 7, stride=1 if small else 2, padding=1 if small else 3, bias=False)
    network.bn1 = nn.BatchNorm2d(width)
    if small:
        network.maxpool = nn.Identity()
    for stage, depth in enumerate(depths):
        layer = network._make_layer(block, width << stage, depth, stride=1 if stage == 0 else 2)
        setattr(network, f"layer{stage + 1}", layer)
    network.fc = nn.Identity()
    return network, 8 * width * block.expansion


def nt_xent(z, temperature=0.5):
    z = F.normalize(z.float(), dim=1)
    scores = z @ z.T / temperature
    scores.fill_diagonal_(-torch.inf)
    target = torch.arange(len(z), device=z.device).roll(len(z) // 2)
    return F.cross_entropy(scores, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="resnet18", choices=["resnet18", "resnet50", "mobilenet_v2", "convnext_tiny"])
    parser.add_argument("--stem", default="small", choices=["small", "imagenet"])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=256, help="pairs of a step")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=["float32", "tf32", "bfloat16"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--contiguous", action="store_true", help="NCHW instead of channels-last")
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.precision != "float32"
    device = torch.device(arguments.device)
    layout = torch.contiguous_format if arguments.contiguous else torch.channels_last
    network, size = encoder(arguments.encoder, arguments.stem, arguments.width)
    head = nn.Sequential(nn.Linear(size, size), nn.BatchNorm1d(size), nn.ReLU(inplace=True), nn.Linear(size, 128))
    model = nn.Sequential(network, head).to(device).to(memory_format=layout).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    images = torch.randn(2 * arguments.batch, 3, arguments.side, arguments.side, device=device).contiguous(memory_format=layout)
    run = torch.compile(model) if arguments.compile else model

    def step():
        with torch.autocast(device.type, torch.bfloat16, enabled=arguments.precision == "bfloat16"):
            z = run(images)
        loss = nt_xent(z)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(arguments.warm_up):
        step()
    milliseconds = []
    for _ in range(arguments.steps):
        began = time.perf_counter()
        step()
        milliseconds.append((time.perf_counter() - began) * 1e3)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(json.dumps({"milliseconds": milliseconds, "pairs": arguments.batch, "torch": torch.__version__, "device": name,
                      "cores": len(os.sched_getaffinity(0))}))


if __name__ == "__main__":
    main()
