"""What the generators beside this file share: where files go, the versions stamped in them, and deterministic values.

python encoder_forward.py     (and likewise for the others) writes NAME.json beside itself
"""

import json
import platform
import sys
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def versions(*packages):
    """The interpreter and package versions that made a fixture."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def round_floats(value, digits):
    """Numbers cut to a number of significant digits, so that files stay small."""
    if isinstance(value, dict):
        return {key: round_floats(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [round_floats(item, digits) for item in value]
    if isinstance(value, np.ndarray):
        return round_floats(value.tolist(), digits)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{digits}g}")
    return int(value) if isinstance(value, np.integer) else value


def write(name, content, digits=12):
    """Writes one JSON fixture beside this file, one top-level entry (or list element) a line."""
    content = round_floats(content, digits)
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    lines = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            body = "[\n" + ",\n".join("  " + compact(item) for item in value) + "\n ]"
        else:
            body = compact(value)
        lines.append(f" {json.dumps(key)}: {body}")
    path = HERE / name
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def hashed(count, stream):
    """`count` values in [-1, 1), exact in float32, that any language computes alike.

    u = i * 2654435761 + (stream + 1) * 2246822519 (mod 2^32), mixed by the 32-bit finaliser
    u ^= u >> 16; u *= 0x85ebca6b; u ^= u >> 13; u *= 0xc2b2ae35; u ^= u >> 16 (mod 2^32);
    the value is (u >> 8) / 2^23 - 1.
    """
    mask = np.uint64(0xFFFFFFFF)
    u = (
        np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64((stream + 1) * 2246822519 % 2**32)
    ) & mask
    u ^= u >> np.uint64(16)
    u = (u * np.uint64(0x85EBCA6B)) & mask
    u ^= u >> np.uint64(13)
    u = (u * np.uint64(0xC2B2AE35)) & mask
    u ^= u >> np.uint64(16)
    return (u >> np.uint64(8)).astype(np.float64) / 2**23 - 1


def import_torchvision():
    """torchvision, also where its compiled operators do not load (models and transforms do not need them)."""
    try:
        import torchvision
    except (RuntimeError, ImportError):
        import torch

        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
        import torchvision

        torchvision.operators = library  # keeps the definitions alive
    return torchvision
