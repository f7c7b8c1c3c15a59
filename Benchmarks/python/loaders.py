"""Loaders of SimCLR's views for compare.py: each gives batches (x1, x2) of float tensors [N, 3, H, W] from image files, without end.

Crop 0.08 to 1, flip, jitter 0.8/0.8/0.8/0.2 at 0.8, gray at 0.2, blur at 0.5 above 32 pixels, as in ../views/peers.py, whose functions serve
torchvision, Albumentations and DALI. TorchCodec and SPDL read and decode; torchvision's second version of the transforms does the rest.
FFCV is not here: 1.0.2 builds with Debian's OpenCV, but on a busy machine its loader gave no batch in 280 s, for a reason
that we did not look for. It has neither hue nor blur.
"""

import itertools
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "views"))

import peers  # noqa: E402


def policy(size):
    steps = [
        "resized_crop", "horizontal_flip",
        {"color_jitter": {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "p": 0.8}}, {"grayscale": {"p": 0.2}}]
    if size > 32:
        steps.append({"gaussian_blur": {"kernel_size": 23, "sigma": [0.1, 2.0], "p": 0.5}})
    return {"branches": [{"count": 2, "size": size, "steps": steps}]}


def diptych(files, arguments, seed=0):
    import diptych

    loader = diptych.Loader(
        arguments.images, views=policy(arguments.size), batch_size=arguments.batch, threads=arguments.threads, seed=seed, collate="tuple")
    for epoch in loader.epochs():
        for views, _, _ in epoch:
            yield views


def in_processes(files, make, arguments, seed):
    """A DataLoader with worker processes; a new order for each epoch."""
    import random

    import torch

    torch.manual_seed(seed)
    random.seed(seed)
    threads = torch.get_num_threads()
    loader = torch.utils.data.DataLoader(
        Files(files, make), batch_size=arguments.batch, shuffle=True, drop_last=True, num_workers=arguments.threads,
        persistent_workers=True)
    torch.set_num_threads(threads)
    for _ in itertools.count():
        yield from loader


class Files:
    """Image files and the function that makes two views of one."""

    def __init__(self, files, make):
        self.files, self.make = files, make

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.make(self.files[index])


def torchvision(files, arguments, seed=0):
    return in_processes(files, quietly(peers.torchvision_pairs, files, arguments), arguments, seed)


def albumentations(files, arguments, seed=0):
    return in_processes(files, quietly(peers.albumentations_pairs, files, arguments), arguments, seed)


def quietly(pairs, files, arguments):
    """The function that makes two views, without the loader around it; torch's threads stay as they are."""
    import torch

    threads = torch.get_num_threads()
    loader, _ = pairs(files, arguments)
    torch.set_num_threads(threads)
    return loader.dataset.make


def of_tensors(size):
    """torchvision's transforms on uint8 tensors [3, H, W]."""
    import torch
    from torchvision.transforms import v2 as t

    blur = [t.RandomApply([t.GaussianBlur(23, (0.1, 2.0))], p=0.5)] if size > 32 else []
    return t.Compose([
        t.RandomResizedCrop(size, antialias=True), t.RandomHorizontalFlip(), t.RandomApply([t.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
        t.RandomGrayscale(0.2), *blur, t.ToDtype(torch.float32, scale=True), t.Normalize(peers.MEAN, peers.STD)])


def torchcodec(files, arguments, seed=0):
    from torchcodec.decoders import decode_image

    augment = of_tensors(arguments.size)

    def make(path):
        image = decode_image(path)
        return augment(image), augment(image)

    return in_processes(files, make, arguments, seed)


def spdl(files, arguments, seed=0):
    import random

    import spdl.io
    import torch
    from spdl.pipeline import PipelineBuilder

    augment, draw = of_tensors(arguments.size), random.Random(seed)
    rgb = spdl.io.get_video_filter_desc(pix_fmt="rgb24")
    torch.manual_seed(seed)

    def endless():
        while True:
            yield from draw.sample(files, len(files) // arguments.batch * arguments.batch)

    def make(path):
        image = spdl.io.to_torch(spdl.io.load_image(path, filter_desc=rgb)).permute(2, 0, 1)
        return augment(image), augment(image)

    def collate(pairs):
        return [torch.stack(views) for views in zip(*pairs, strict=True)]

    pipeline = (
        PipelineBuilder().add_source(endless()).pipe(make, concurrency=arguments.threads).aggregate(arguments.batch).pipe(collate)
        .add_sink(2).build(num_threads=arguments.threads))
    with pipeline.auto_stop():
        yield from pipeline


def dali(files, arguments, seed=0):
    import numpy as np
    import torch

    batches, _ = peers.dali_pairs(files, arguments)
    for views in batches:
        yield [torch.from_numpy(np.array(view.as_tensor())) for view in views]


LOADERS = {
    "diptych": (diptych, "Diptych", "diptych"),
    "torchvision": (torchvision, "torchvision + PIL, DataLoader", "torchvision"),
    "albumentations": (albumentations, "Albumentations, DataLoader", "albumentations"),
    "torchcodec": (torchcodec, "TorchCodec + torchvision, DataLoader", "torchcodec"),
    "spdl": (spdl, "SPDL + torchvision", "spdl"),
    "dali": (dali, "DALI on the CPU", "nvidia-dali-cuda120"),
}
