"""SimCLR on CIFAR-10's JPEG files in PyTorch, the views made on the GPU: what the same recipe reaches there, and in what time.

    python pytorch_simclr.py CIFAR10 --epochs 20 --lr 0.12 [--batch 256 --temperature 0.2 --precision bfloat16]

CIFAR10 has train/CLASS and test/CLASS (datasets/cifar10/prepare). The views are those of pipelines/simclr-32.yaml, but that colour jitter's
four changes come in one order. The last line of stdout is one JSON object: seconds, the last epoch's loss, and kNN on frozen features of all
training images, by 10 votes of one weight and by 200 weighted e^(cos / 0.07). Needs torch, torchvision and pillow.
"""

import argparse
import json
import math
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from sys import path

path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from pytorch_step import encoder, nt_xent  # noqa: E402

MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def pixels(file):
    return np.asarray(Image.open(file).convert("RGB"))


def images(root, device):
    classes = sorted(folder.name for folder in root.iterdir())
    files = [(file, label) for label, name in enumerate(classes) for file in sorted((root / name).iterdir())]
    with ProcessPoolExecutor() as pool:
        read = list(pool.map(pixels, [file for file, _ in files], chunksize=500))
    bytes = torch.from_numpy(np.stack(read)).to(device).permute(0, 3, 1, 2)
    return bytes, torch.tensor([label for _, label in files], device=device)


def uniform(n, low, high, device):
    return torch.empty(n, device=device).uniform_(low, high)


def crops(x):
    """torchvision's random resized crops, scale 0.2 to 1 and ratio 3/4 to 4/3, half of them mirrored."""
    n, device = len(x), x.device
    # The first of ten draws that fits, as there; else the whole picture.
    area, ratio = uniform((n, 10), 0.2, 1, device), torch.exp(uniform((n, 10), math.log(3 / 4), math.log(4 / 3), device))
    width, height = (area * ratio).sqrt(), (area / ratio).sqrt()
    fits = (width <= 1) & (height <= 1)
    chosen = fits.float().argmax(1, keepdim=True)
    width, height = (torch.where(fits.any(1), side.gather(1, chosen).squeeze(1), torch.ones(n, device=device)) for side in (width, height))
    left, top = uniform(n, -1, 1, device) * (1 - width), uniform(n, -1, 1, device) * (1 - height)
    sign = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    affine = torch.zeros(n, 2, 3, device=device)
    affine[:, 0, 0], affine[:, 0, 2], affine[:, 1, 1], affine[:, 1, 2] = width * sign, left, height, top
    grid = F.affine_grid(affine, x.shape, align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def gray(x):
    return (x * x.new_tensor((0.299, 0.587, 0.114)).view(1, 3, 1, 1)).sum(1, keepdim=True)


def hue(x, shift):
    """Turns the hue by shares of a circle, by way of HSV."""
    high, low = x.amax(1), x.amin(1)
    chroma = (high - low).clamp(min=1e-6)
    r, g, b = x.unbind(1)
    turn = torch.where(high == r, (g - b) / chroma % 6, torch.where(high == g, (b - r) / chroma + 2, (r - g) / chroma + 4)) / 6
    turn = (turn + shift.view(-1, 1, 1)) % 1
    saturation = torch.where(high > 0, (high - low) / high.clamp(min=1e-6), torch.zeros_like(high))
    channels = []
    for offset in (5, 3, 1):
        k = (offset + turn * 6) % 6
        channels.append(high - high * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, 1)


def jitter(x):
    n, device = len(x), x.device
    factor = lambda: uniform(n, 0.6, 1.4, device).view(-1, 1, 1, 1)  # noqa: E731
    y = (x * factor()).clamp(0, 1)
    contrast = factor()
    y = (y * contrast + gray(y).mean((2, 3), keepdim=True) * (1 - contrast)).clamp(0, 1)
    saturation = factor()
    y = (y * saturation + gray(y) * (1 - saturation)).clamp(0, 1)
    y = hue(y, uniform(n, -0.1, 0.1, device))
    return torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.8, y, x)


def views(bytes, mean, deviation):
    x = jitter(crops(bytes.float() / 255))
    x = torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < 0.2, gray(x).expand_as(x), x)
    return ((x - mean) / deviation).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def features(network, bytes, mean, deviation, autocast):
    network.eval()
    rows = []
    for part in bytes.split(1000):
        with autocast():
            rows.append(F.normalize(network(((part.float() / 255 - mean) / deviation).contiguous(memory_format=torch.channels_last)).float(), dim=1))
    network.train()
    return torch.cat(rows)


def nearest(bank, labels, rows, truth, k, temperature):
    right = 0
    for part, answer in zip(rows.split(1000), truth.split(1000)):
        near = (part @ bank.T).topk(k)
        weight = (near.values / temperature).exp() if temperature else torch.ones_like(near.values)
        votes = torch.zeros(len(part), int(labels.max()) + 1, device=part.device).scatter_add_(1, labels[near.indices], weight)
        right += (votes.argmax(1) == answer).sum().item()
    return 100 * right / len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cifar", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=0.06)
    parser.add_argument("--temperature", type=float, default=0.2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--images", type=int, help="of the training images, spread over them")
    arguments = parser.parse_args()
    start = time.perf_counter()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    mean, deviation = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    bytes, labels = images(arguments.cifar / "train", device)
    if arguments.images:
        some = torch.linspace(0, len(bytes) - 1, arguments.images, device=device).long()
        bytes, labels = bytes[some], labels[some]
    judged, truth = images(arguments.cifar / "test", device)
    network, dimension = encoder("resnet18", "small", arguments.width)
    head = nn.Sequential(nn.Linear(dimension, 2048), nn.BatchNorm1d(2048), nn.ReLU(), nn.Linear(2048, 256))
    network, head = network.to(device, memory_format=torch.channels_last), head.to(device)
    parameters = [*network.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=arguments.lr, momentum=0.9, weight_decay=5e-4)
    autocast = lambda: torch.autocast(device, torch.bfloat16, enabled=arguments.precision == "bfloat16")  # noqa: E731
    per_epoch = len(bytes) // arguments.batch
    steps, step = arguments.epochs * per_epoch, 0
    ready = time.perf_counter()
    for _ in range(arguments.epochs):
        order, losses = torch.randperm(len(bytes), device=device), []
        for batch in order[: per_epoch * arguments.batch].view(per_epoch, -1):
            warm = min(1, (step + 1) / per_epoch)
            rest = max(0, step - per_epoch) / max(1, steps - per_epoch)
            for group in optimizer.param_groups:
                group["lr"] = arguments.lr * warm * 0.5 * (1 + math.cos(math.pi * rest))
            x = torch.cat([views(bytes[batch], mean, deviation) for _ in range(2)])
            with autocast():
                z = head(network(x))
            loss = nt_xent(z, arguments.temperature)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            step += 1
    loss = torch.stack(losses).mean().item()
    trained = time.perf_counter()
    bank, rows = (features(network, x, mean, deviation, autocast) for x in (bytes, judged))
    print(json.dumps({
        "loss": round(loss, 4), "knn10": nearest(bank, labels, rows, truth, 10, None),
        "knn200": nearest(bank, labels, rows, truth, 200, 0.07), "start_s": round(ready - start, 1),
        "training_s": round(trained - ready, 1), "device": torch.cuda.get_device_name() if device == "cuda" else device}))


if __name__ == "__main__":
    main()
