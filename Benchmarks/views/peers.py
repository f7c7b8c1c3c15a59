"""Pairs of SimCLR views a second from image files, by one Python library; prints one JSON object.

    python peers.py torchvision|albumentations|pillow|dali IMAGES --size 224 --seconds 10 --threads 2

The policy is SimCLR's: crop 0.08 to 1, flip, jitter 0.8/0.8/0.8/0.2 at 0.8, gray at 0.2, blur at 0.5 above 32 pixels, floats out. Each image is read and
decoded once where the library allows it; `threads` are worker processes, or threads for DALI. The first two seconds do not count.
"""

import argparse
import itertools
import json
import sys
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np

ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".bmp", ".webp")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Endless:
    """Image files over and over; `make` turns a path into two views."""

    def __init__(self, files, make):
        self.files, self.make = files, make

    def __len__(self):
        return 1 << 40

    def __getitem__(self, index):
        return self.make(self.files[index % len(self.files)])


def over_loader(files, make, arguments):
    import torch

    data = Endless(files, make)
    torch.set_num_threads(1)
    return torch.utils.data.DataLoader(data, batch_size=64, sampler=itertools.count(), num_workers=arguments.threads)


def torchvision_pairs(files, arguments):
    import torch

    try:
        import torchvision  # noqa: F401
    except (RuntimeError, ImportError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        # Kept for as long as the process lives; the operators go with it.
        global operators
        operators = torch.library.Library("torchvision", "DEF")
        operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    from PIL import Image
    from torchvision import transforms as t

    blur = [t.RandomApply([t.GaussianBlur(23, (0.1, 2.0))], p=0.5)] if arguments.size > 32 else []
    policy = t.Compose([
        t.RandomResizedCrop(arguments.size), t.RandomHorizontalFlip(), t.RandomApply([t.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
        t.RandomGrayscale(0.2), *blur, t.ToTensor(), t.Normalize(MEAN, STD)])

    def make(path):
        with Image.open(path) as file:
            image = file.convert("RGB")
        return policy(image), policy(image)

    return over_loader(files, make, arguments), 64


def pillow_pairs(files, arguments):
    """Pillow reads, Albumentations augments; for formats that OpenCV's packages do not read alike."""
    from PIL import Image

    def read(path):
        with Image.open(path) as file:
            return np.asarray(file.convert("RGB"))

    return albumentations_pairs(files, arguments, read)


def albumentations_pairs(files, arguments, read=None):
    import albumentations as a
    import cv2

    read = read or (lambda path: cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))

    cv2.setNumThreads(0)
    blur = [a.GaussianBlur(blur_limit=(23, 23), sigma_limit=(0.1, 2.0), p=0.5)] if arguments.size > 32 else []
    policy = a.Compose([
        a.RandomResizedCrop(size=(arguments.size, arguments.size), scale=(0.08, 1)), a.HorizontalFlip(p=0.5),
        a.ColorJitter(brightness=(0.2, 1.8), contrast=(0.2, 1.8), saturation=(0.2, 1.8), hue=(-0.2, 0.2), p=0.8), a.ToGray(p=0.2), *blur,
        a.Normalize(MEAN, STD)])

    def make(path):
        image = read(path)
        views = [policy(image=image)["image"] for _ in range(2)]
        return tuple(np.ascontiguousarray(view.transpose(2, 0, 1)) for view in views)

    return over_loader(files, make, arguments), 64


def dali_pairs(files, arguments):
    from nvidia.dali import fn, pipeline_def, types as kinds

    @pipeline_def(batch_size=64, num_threads=arguments.threads, device_id=None, seed=0)
    def pipeline():
        encoded, _ = fn.readers.file(files=files, random_shuffle=True)
        image = fn.decoders.image(encoded, device="cpu", output_type=kinds.RGB)
        views = []
        for _ in range(2):
            view = fn.random_resized_crop(image, size=arguments.size, random_area=(0.08, 1), random_aspect_ratio=(3 / 4, 4 / 3))
            on = fn.random.coin_flip(probability=0.8)
            factor = lambda low, high: fn.random.uniform(range=(low, high)) * on + (1 - on)
            view = fn.color_twist(
                view, brightness=factor(0.2, 1.8), contrast=factor(0.2, 1.8),
                saturation=factor(0.2, 1.8) * (1 - fn.random.coin_flip(probability=0.2)), hue=fn.random.uniform(range=(-72, 72)) * on)
            if arguments.size > 32:
                # A deviation near 0 is no blur; DALI has no branches in the graph that cost nothing.
                blurred = fn.random.coin_flip(probability=0.5)
                view = fn.gaussian_blur(view, window_size=23, sigma=fn.random.uniform(range=(0.1, 2.0)) * blurred + 0.05)
            views.append(fn.crop_mirror_normalize(
                view, dtype=kinds.FLOAT, output_layout="CHW", mirror=fn.random.coin_flip(), mean=[255 * m for m in MEAN], std=[255 * s for s in STD]))
        return tuple(views)

    pipe = pipeline()
    pipe.build()
    return iter(pipe.run, None), 64


PEERS = {
    "torchvision": (torchvision_pairs, "torchvision"), "albumentations": (albumentations_pairs, "albumentations"),
    "pillow": (pillow_pairs, "albumentations"), "dali": (dali_pairs, "nvidia-dali-cuda120"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("images", type=Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    files = sorted(str(path) for path in arguments.images.rglob("*") if path.suffix.lower() in ENDINGS)
    make, package = PEERS[arguments.peer]
    batches, batch = make(files, arguments)
    begin = None
    done = 0
    start = time.perf_counter()
    for _ in batches:
        now = time.perf_counter()
        if begin is None:
            if now - start >= 2:
                begin = now
            continue
        done += batch
        if now - begin >= arguments.seconds:
            break
    print(json.dumps({"pairs_per_second": done / (now - begin), "package": package, "version": version(package)}))


if __name__ == "__main__":
    main()
