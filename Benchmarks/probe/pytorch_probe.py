"""Features by PyTorch and the logistic regression by scikit-learn: the program that `diptych probe` is measured against.

    python pytorch_probe.py DATA ENCODER

DATA holds train/CLASS/* and test/CLASS/*; ENCODER is the encoder.safetensors of a run whose ResNet-18 has the small stem. The last line
of stdout is one JSON object: seconds of each part, without the imports, and what was right.
"""

import argparse
import json
import os
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
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


class Images(Dataset):
    """Image files with their class."""

    def __init__(self, folder):
        classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        self.files = [(str(path), label) for label, name in enumerate(classes) for path in sorted(Path(folder, name).iterdir())]
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path, label = self.files[index]
        with Image.open(path) as file:
            return self.transform(file.convert("RGB")), label


def features(encoder, folder, arguments):
    loader = DataLoader(Images(folder), batch_size=arguments.batch, num_workers=arguments.workers)
    rows, labels = [], []
    with torch.inference_mode():
        for images, classes in loader:
            if arguments.channels_last:
                images = images.to(memory_format=torch.channels_last)
            rows.append(encoder(images))
            labels.append(classes)
    return torch.cat(rows).numpy(), torch.cat(labels).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--threads", type=int, help="of an operation; all cores by default")
    parser.add_argument("--plain-layout", dest="channels_last", action="store_false", help="channels outermost")
    parser.add_argument("--plain", action="store_true", help="no StandardScaler before the regression")
    parser.add_argument("--save", type=Path, help="folder for the features")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    state = load_file(arguments.encoder)
    encoder = Encoder(state["conv1.weight"].shape[0])
    encoder.load_state_dict(state)
    encoder.eval()
    if arguments.channels_last:
        encoder.to(memory_format=torch.channels_last)
    began = time.perf_counter()
    train, train_labels = features(encoder, arguments.data / "train", arguments)
    test, test_labels = features(encoder, arguments.data / "test", arguments)
    extracted = time.perf_counter()
    if arguments.save:
        for name, values in [("train", train), ("train_labels", train_labels), ("test", test), ("test_labels", test_labels)]:
            np.save(arguments.save / f"{name}.npy", values)
    fitting = time.perf_counter()
    if not arguments.plain:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    regression = LogisticRegression(C=1, solver="lbfgs", max_iter=1000).fit(train, train_labels)
    top1 = float((regression.predict(test) == test_labels).mean())
    fitted = time.perf_counter()
    print(json.dumps({
        "features": extracted - began, "regression": fitted - fitting, "seconds": extracted - began + fitted - fitting,
        "top1": top1, "iterations": int(regression.n_iter_[0]), "images": len(train) + len(test), "threads": torch.get_num_threads(),
    }))


if __name__ == "__main__":
    main()
