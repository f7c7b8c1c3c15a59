"""Makes sampling.json: the distributions that torchvision's random transforms draw from.

Made with torch 2.13.0, torchvision 0.28.0 (`python sampling.py`, here). For each quantity of each case the share of
100,000 draws that are at most a value, at 19 values.
"""
import json
import pathlib
import sys
import types

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
    keys = {"x": "left", "y": "top", "width": "width", "height": "height"}
    crops.append({"width": width, "height": height, "scale": scale, "ratio": ratio, "shares": summary(draws, keys)})

cutouts = []
for width, height in [(224, 224), (60, 30)]:
    transform = v2.RandomErasing(p=1)
    picture = torch.empty(3, height, width, dtype=torch.uint8)
    draws = [draw for draw in (transform.make_params([picture]) for _ in range(DRAWS)) if draw["v"] is not None]
    keys = {"x": "j", "y": "i", "width": "w", "height": "h"}
    erased = len(draws) / DRAWS
    cutouts.append({"width": width, "height": height, "erased": erased, "shares": summary(draws, keys)})

here = pathlib.Path(__file__).parent
document = {"resized_crop": crops, "cutout": cutouts}
(here / "sampling.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
