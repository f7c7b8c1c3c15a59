"""Makes sampling.json: the distributions that torchvision's random transforms draw from.

Made with torch 2.13.0, torchvision 0.28.0 (`python sampling.py`, here). For each quantity of each case the share of
100,000 draws that are at most a value, at 19 values.
"""
import collections
import json
import pathlib
import sys
import types
from unittest import mock

import numpy as np
import torch

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.modules["torchvision._meta_registrations"] = types.ModuleType("x")
from torchvision.transforms import v2  # noqa: E402

torch.manual_seed(0)
DRAWS = 100_000


def distribution(values):
    values = np.asarray(values, dtype=np.float64)
    marks = np.unique(np.quantile(values, np.arange(1, 20) / 20, method="nearest"))
    return [[float(mark), round(float((values <= mark).mean()), 5)] for mark in marks]


def summary(draws, keys):
    return {ours: distribution([draw[theirs] for draw in draws]) for ours, theirs in keys.items()}


crops = []
for width, height, scale, ratio in [
    (500, 375, (0.08, 1), (3 / 4, 4 / 3)), (32, 32, (0.2, 1), (3 / 4, 4 / 3)), (400, 100, (0.3, 1), (3 / 4, 4 / 3)),
    (40, 90, (0.9, 1), (1.5, 2)),
]:  # fmt: skip
    transform = v2.RandomResizedCrop(8, scale, ratio)
    picture = torch.empty(3, height, width, dtype=torch.uint8)
    draws = [transform.make_params([picture]) for _ in range(DRAWS)]
    for draw in draws:
        draw["area"], draw["ratio"] = draw["width"] * draw["height"], round(draw["width"] / draw["height"], 9)
    keys = {key: key for key in ["width", "height", "area", "ratio"]} | {"x": "left", "y": "top"}
    crops.append({"width": width, "height": height, "scale": scale, "ratio": ratio, "shares": summary(draws, keys)})

cutouts = []
for width, height in [(224, 224), (60, 30)]:
    transform = v2.RandomErasing(p=1)
    picture = torch.empty(3, height, width, dtype=torch.uint8)
    draws = [draw for draw in (transform.make_params([picture]) for _ in range(DRAWS)) if draw["v"] is not None]
    keys = {"x": "j", "y": "i", "width": "w", "height": "h"}
    erased = len(draws) / DRAWS
    cutouts.append({"width": width, "height": height, "erased": erased, "shares": summary(draws, keys)})

corners = []
for width, height, scale in [(224, 224, 0.5), (61, 40, 0.9), (3, 2, 1.0)]:
    transform = v2.RandomPerspective(scale, p=1)
    picture = torch.empty(3, height, width, dtype=torch.uint8)
    drawn = []
    # The transform keeps the coefficients alone, so the corners are caught on their way.
    with mock.patch(
        "torchvision.transforms.v2._geometry._get_perspective_coeffs", lambda start, end: drawn.append(sum(end, []))
    ):
        for _ in range(DRAWS):
            transform.make_params([picture])
    names = ["x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3"]
    shares = {name: distribution([draw[index] for draw in drawn]) for index, name in enumerate(names)}
    corners.append({"width": width, "height": height, "distortion": scale, "shares": shares})

operations = []
for bins, magnitude in [(31, 9), (10, 7)]:
    picture = torch.empty(3, 47, 61, dtype=torch.uint8)
    transform = v2.RandAugment(2, magnitude, bins)
    drawn = []
    transform._apply_image_or_video_transform = lambda image, name, value, **_: drawn.append((name, value)) or image
    for _ in range(DRAWS):
        transform(picture)
    counts = collections.Counter((name, round(value, 4)) for name, value in drawn)
    shares = [{"name": name, "value": value, "share": count / len(drawn)} for (name, value), count in counts.items()]
    operations.append({"bins": bins, "magnitude": magnitude, "shares": sorted(shares, key=lambda s: (s["name"], s["value"]))})

qualities = collections.Counter(v2.JPEG((30, 34)).make_params([])["quality"] for _ in range(DRAWS))
qualities = {str(quality): count / DRAWS for quality, count in sorted(qualities.items())}

# Noise on plain pictures: the shares of levels, the truncation towards the level and the clamping included.
noises = []
for level, mean, sigma in [(128, 0.0, 0.1), (20, 0.05, 0.2), (128, 0.0, 0.01)]:
    picture = torch.full((3, 400, 400), level, dtype=torch.uint8)
    noises.append(
        {"level": level, "mean": mean, "sigma": sigma, "shares": distribution(v2.GaussianNoise(mean, sigma)(picture).ravel())}
    )

jitter = v2.ColorJitter(0.8, (0.5, 0.75), 1.5, 0.2)
draws = [jitter.make_params([]) for _ in range(DRAWS)]
letters = "bcsh"
orders = collections.Counter("".join(letters[int(index)] for index in draw["fn_idx"]) for draw in draws)
factors = {
    letter: distribution([draw[f"{name}_factor"] for draw in draws])
    for letter, name in zip(letters, ["brightness", "contrast", "saturation", "hue"])
}
jitters = {"orders": {order: count / DRAWS for order, count in sorted(orders.items())}, "factors": factors}

here = pathlib.Path(__file__).parent
document = {
    "resized_crop": crops, "cutout": cutouts, "perspective": corners, "rand_augment": operations,
    "jpeg_compression": qualities, "gaussian_noise": noises, "color_jitter": jitters,
}  # fmt: skip
(here / "sampling.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
