"""SimCLR or MoCo v2 on a CIFAR-10 subset in PyTorch, then a linear probe and kNN: the program that Diptych is measured against.

    python pytorch_simclr.py DATA --seed 0 [--method moco]

DATA holds train/CLASS/* and test/CLASS/*; the first --per-class files of each training class, in name order, are used. The last line of
stdout is one JSON object; progress goes to stderr. The recipe is README.md's; needs torch, torchvision, Pillow and scikit-learn.
"""

import argparse
import json
import os
import random
import sys
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

try:
    import torchvision
except (RuntimeError, ImportError):
    # A torchvision wheel whose compiled operators do not load here: models and transforms do not need them.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    operators = torch.library.Library("torchvision", "DEF")
    operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    import torchvision
from torchvision import transforms
from torchvision.models.resnet import BasicBlock, ResNet

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


class Encoder(ResNet):
    """torchvision's ResNet-18 with a 3x3 stem, no max pool and `width` channels after the stem; [N, 3, H, W] to [N, 8 width]."""

    def __init__(self, width):
        super().__init__(BasicBlock, [2, 2, 2, 2])
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.Identity()
        self.layer1 = self._make_layer(BasicBlock, width, 2)
        self.layer2 = self._make_layer(BasicBlock, 2 * width, 2, stride=2)
        self.layer3 = self._make_layer(BasicBlock, 4 * width, 2, stride=2)
        self.layer4 = self._make_layer(BasicBlock, 8 * width, 2, stride=2)
        self.fc = nn.Identity()
        self.features = 8 * width
        # The layers that the superclass initialised are gone, so the same initialisation again.
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def head(size, output=128):
    return nn.Sequential(nn.Linear(size, size), nn.BatchNorm1d(size), nn.ReLU(inplace=True), nn.Linear(size, output))


class Images(Dataset):
    """Image files with their class; `views` transformed copies of each."""

    def __init__(self, folder, transform, views, per_class=None):
        classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        self.files = [
            (str(path), label)
            for label, name in enumerate(classes)
            for path in sorted(Path(folder, name).iterdir())[:per_class]
        ]
        self.transform, self.views = transform, views

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path, label = self.files[index]
        with Image.open(path) as file:
            image = file.convert("RGB")
        return [self.transform(image) for _ in range(self.views)], label


def augmentation():
    return transforms.Compose([
        transforms.RandomResizedCrop(32, scale=(0.2, 1.0)),
        transforms.RandomHorizontalFlip(),
        transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        transforms.RandomGrayscale(p=0.2),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])


def nt_xent(first, second, temperature):
    z = F.normalize(torch.cat([first, second]), dim=1)
    scores = z @ z.T / temperature
    scores.fill_diagonal_(-torch.inf)
    target = torch.arange(len(z), device=z.device).roll(len(first))
    return F.cross_entropy(scores, target)


class MoCo(nn.Module):
    """MoCo v2: a copy that follows by momentum, a queue of keys, batch norm in groups with the keys shuffled between them."""

    def __init__(self, width, queue, momentum, groups, temperature):
        super().__init__()
        self.encoder, copied = Encoder(width), Encoder(width)
        size = self.encoder.features
        norm_free = lambda: nn.Sequential(nn.Linear(size, size), nn.ReLU(inplace=True), nn.Linear(size, 128))
        self.query = nn.Sequential(self.encoder, norm_free())
        self.key = nn.Sequential(copied, norm_free())
        self.key.load_state_dict(self.query.state_dict())
        self.key.requires_grad_(False)
        self.momentum, self.groups, self.temperature, self.place = momentum, groups, temperature, 0
        self.register_buffer("queue", F.normalize(torch.randn(queue, 128), dim=1))

    def grouped(self, network, images):
        return F.normalize(torch.cat([network(part) for part in images.chunk(self.groups)]), dim=1)

    def forward(self, first, second):
        with torch.no_grad():
            for own, followed in zip(self.key.parameters(), self.query.parameters()):
                own.mul_(self.momentum).add_(followed, alpha=1 - self.momentum)
            order = torch.randperm(len(second))
            keys = self.grouped(self.key, second[order])[order.argsort()]
        queries = self.grouped(self.query, first)
        scores = torch.cat([(queries * keys).sum(dim=1, keepdim=True), queries @ self.queue.T.clone()], dim=1) / self.temperature
        self.queue[(self.place + torch.arange(len(keys))) % len(self.queue)] = keys
        self.place = (self.place + len(keys)) % len(self.queue)
        return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def train(arguments, workers):
    data = Images(Path(arguments.data, "train"), augmentation(), views=2, per_class=arguments.per_class)
    order = torch.Generator().manual_seed(arguments.seed)
    loader = DataLoader(
        data, batch_size=arguments.batch, shuffle=True, drop_last=True, generator=order,
        num_workers=workers, persistent_workers=workers > 0)
    if arguments.method == "moco":
        model = MoCo(arguments.width, queue=4096, momentum=0.99, groups=8, temperature=arguments.temperature)
        encoder = model.encoder
        model = model.to(memory_format=torch.channels_last).train()
    else:
        encoder = Encoder(arguments.width)
        model = nn.Sequential(encoder, head(encoder.features)).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=arguments.lr, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, arguments.epochs * len(loader))
    start = time.perf_counter()
    epochs = []
    loss_of_epoch = float("nan")
    for epoch in range(arguments.epochs):
        began, total = time.perf_counter(), 0.0
        for (first, second), _ in loader:
            if arguments.method == "moco":
                loss = model(*(view.contiguous(memory_format=torch.channels_last) for view in (first, second)))
            else:
                batch = torch.cat([first, second]).contiguous(memory_format=torch.channels_last)
                z = model(batch)
                loss = nt_xent(*z.chunk(2), arguments.temperature)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        epochs.append(time.perf_counter() - began)
        loss_of_epoch = total / len(loader)
        print(f"epoch {epoch + 1}/{arguments.epochs} loss {loss_of_epoch:.4f} {len(loader) * arguments.batch / epochs[-1]:.0f} pairs/s", file=sys.stderr, flush=True)
    # The first epoch starts the workers; the median of the others is the steady rate.
    steady = len(loader) * arguments.batch / float(np.median(epochs[1:] or epochs))
    return encoder, {"train_loss": loss_of_epoch, "pairs_per_second": steady, "train_seconds": time.perf_counter() - start}


@torch.inference_mode()
def embed(encoder, folder, workers, per_class=None):
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    data = Images(folder, transform, views=1, per_class=per_class)
    encoder.eval()
    rows, labels = [], []
    for (images,), label in DataLoader(data, batch_size=500, num_workers=workers):
        rows.append(encoder(images.contiguous(memory_format=torch.channels_last)))
        labels.append(label)
    return torch.cat(rows).double().numpy(), torch.cat(labels).numpy()


def linear_probe(bank, bank_labels, queries, query_labels, C):
    """scikit-learn's logistic regression on features standardised with the bank's mean and population deviation."""
    from sklearn.linear_model import LogisticRegression

    mean, deviation = bank.mean(axis=0), bank.std(axis=0)
    deviation[deviation < 1e-12] = 1
    model = LogisticRegression(C=C, tol=1e-6, max_iter=10_000).fit((bank - mean) / deviation, bank_labels)
    scores = model.decision_function((queries - mean) / deviation)
    top5 = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return {
        "probe_top1": float((top5[:, 0] == query_labels).mean()),
        "probe_top5": float((top5 == query_labels[:, None]).any(axis=1).mean()),
        "probe_iterations": int(model.n_iter_.max()),
    }


def weighted_knn(bank, bank_labels, queries, query_labels, k, temperature):
    """Wu 2018: cosine, the k nearest vote with weight e^{cos / T}."""
    unit = lambda rows: torch.from_numpy(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
    bank, queries, labels = unit(bank), unit(queries), torch.from_numpy(bank_labels)
    right = 0
    for start in range(0, len(queries), 1000):
        similarity, index = (queries[start : start + 1000] @ bank.T).topk(k, dim=1)
        votes = torch.zeros(len(similarity), int(labels.max()) + 1, dtype=similarity.dtype)
        votes.scatter_add_(1, labels[index], (similarity / temperature).exp())
        right += (votes.argmax(dim=1).numpy() == query_labels[start : start + 1000]).sum()
    return float(right / len(queries))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a folder with train/CLASS and test/CLASS")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--lr", type=float, default=0.06)
    parser.add_argument("--method", choices=["simclr", "moco"], default="simclr")
    parser.add_argument("--temperature", type=float, help="0.5 for SimCLR, 0.1 for MoCo by default")
    parser.add_argument("--per-class", type=int, default=500)
    parser.add_argument("--C", type=float, default=1.0, help="linear probe: 1/2 |w|^2 + C * sum of log losses")
    parser.add_argument("--workers", type=int, default=None, help="DataLoader processes (default: one a core)")
    parser.add_argument("--threads", type=int, default=None, help="PyTorch's threads (default: its own choice)")
    arguments = parser.parse_args()
    arguments.temperature = arguments.temperature or (0.1 if arguments.method == "moco" else 0.5)
    workers = len(os.sched_getaffinity(0)) if arguments.workers is None else arguments.workers
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    random.seed(arguments.seed)
    np.random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)

    begin = time.perf_counter()
    encoder, result = train(arguments, workers)
    bank = embed(encoder, Path(arguments.data, "train"), workers, arguments.per_class)
    queries = embed(encoder, Path(arguments.data, "test"), workers)
    # The rule of Diptych's evaluation: a small bank gets few neighbours.
    k, temperature = (200, 0.1) if len(bank[0]) >= 10_000 else (20, 0.07)
    result |= linear_probe(*bank, *queries, arguments.C)
    result["knn_top1"] = weighted_knn(*bank, *queries, k, temperature)
    result |= {
        "seconds": time.perf_counter() - begin, "seed": arguments.seed, "epochs": arguments.epochs, "knn_k": k, "knn_temperature": temperature, "C": arguments.C,
        "workers": workers, "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ["torch", "torchvision", "pillow", "scikit-learn"]},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
