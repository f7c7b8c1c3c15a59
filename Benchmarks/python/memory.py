"""Resident memory while loaders come and go, and over many batches: python memory.py [--loaders 1000] [--batches 50000]

The images are 64 PNG files of 16 to 48 pixels, made in a temporary folder. Of the batches every fourth is held for one turn more, as a
training loop does. Prints the resident memory at ten points; "flat" is a growth below 2 MiB after the first tenth.
"""

import argparse
import gc
import os
import sys
import tempfile
from pathlib import Path

import diptych

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Python" / "tests"))

VIEWS = {"branches": [{"count": 2, "size": 16, "steps": ["resized_crop", "horizontal_flip", {"color_jitter": {"brightness": 0.4}}]}]}


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def report(what, points):
    growth = points[-1] - points[1]
    print(f"{what}: resident MiB " + " ".join(f"{point:.1f}" for point in points))
    print(f"{what}: {growth:+.1f} MiB after the first tenth: {'flat' if growth < 2 else 'NOT FLAT'}", flush=True)
    return growth < 2


def loaders(source, count):
    points = [resident()]
    for number in range(count):
        loader = diptych.Loader(source, views=VIEWS, batch_size=8, threads=2, slots=2)
        if number % 2 == 0:
            next(iter(loader))
        del loader
        if (number + 1) % max(1, count // 10) == 0:
            gc.collect()
            points.append(resident())
    return report(f"{count:,} loaders", points)


def batches(source, count, dtype):
    points, held, number = [resident()], None, 0
    loader = diptych.Loader(source, views=VIEWS, batch_size=8, dtype=dtype)
    for epoch in loader.epochs():
        for batch in epoch:
            number += 1
            if number % 4 == 0:
                held = batch.views[0]
            if number % max(1, count // 10) == 0:
                points.append(resident())
            if number == count:
                del held
                return report(f"{count:,} batches, {dtype}", points)


def main():
    import numpy as np
    from conftest import write_png

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loaders", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=50_000)
    arguments = parser.parse_args()
    draw = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for index in range(64):
            write_png(Path(folder) / f"{index % 4}/{index}.png", draw.integers(0, 256, (*draw.integers(16, 49, 2), 3), dtype=np.uint8))
        source = diptych.Source(folder)
        flat = [loaders(source, arguments.loaders), *(batches(source, arguments.batches, dtype) for dtype in ("float32", "uint8"))]
    sys.exit(not all(flat))


if __name__ == "__main__":
    main()
