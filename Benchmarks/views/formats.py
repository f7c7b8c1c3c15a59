"""Pairs of 224-pixel SimCLR views a second from TIFF, BMP and WebP files, `diptych bench` beside Pillow + Albumentations.

    python formats.py PHOTOGRAPHS [--count 200] [--seconds 10] [--rounds 3] [--threads 2] [--diptych ../../.build/release/diptych]

The JPEG photographs are written anew in each format by Pillow, in a temporary folder. Each round runs both programs on each format in
turn, and medians over rounds count. Needs Pillow, albumentations and torch, as requirements.txt has them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
FORMATS = {
    "TIFF, LZW": ("tif", dict(compression="tiff_lzw")),
    "TIFF, Deflate": ("tif", dict(compression="tiff_adobe_deflate")),
    "BMP": ("bmp", {}),
    "WebP, quality 80": ("webp", dict(quality=80)),
    "WebP, lossless": ("webp", dict(lossless=True, method=2)),
}


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"formats: {command[0]}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return json.loads(done.stdout[done.stdout.index("{"):])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--diptych", type=Path, default=HERE.parent.parent / ".build/release/diptych")
    arguments = parser.parse_args()
    found = sorted(path for path in arguments.photographs.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise SystemExit(f"formats: {arguments.photographs} holds no .jpg files")
    with tempfile.TemporaryDirectory() as folder:
        rates = {name: ([], []) for name in FORMATS}
        for number, (name, (ending, options)) in enumerate(FORMATS.items()):
            place = Path(folder) / str(number) / "all"
            place.mkdir(parents=True)
            for index, path in enumerate(found[:arguments.count]):
                Image.open(path).convert("RGB").save(place / f"{index:04}.{ending}", **options)
        for _ in range(arguments.rounds):
            for number, name in enumerate(FORMATS):
                place = Path(folder) / str(number)
                ours = run([
                    arguments.diptych, "bench", place, "--pipeline", HERE / "simclr-224.yaml", "--seconds", arguments.seconds,
                    "--threads", arguments.threads, "--json"])
                other = run([
                    sys.executable, HERE / "peers.py", "pillow", place, "--size", 224, "--seconds", arguments.seconds,
                    "--threads", arguments.threads])
                rates[name][0].append(ours["pairs_per_second"])
                rates[name][1].append(other["pairs_per_second"])
    print("| format | Diptych | Pillow + Albumentations | ratio |\n| --- | --- | --- | --- |")
    for name, (ours, others) in rates.items():
        first, second = statistics.median(ours), statistics.median(others)
        print(f"| {name} | {first:,.0f}/s | {second:,.0f}/s | {first / second:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
