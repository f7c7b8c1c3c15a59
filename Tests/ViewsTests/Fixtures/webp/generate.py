"""Makes the WebP files of this folder, and beside each the pixels that Pillow reads from it, as NAME.png.

    python generate.py        (Pillow 13.0.0, with its libwebp 1.6.0)
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent


def picture(width, height, alpha=False):
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), (x * y * 7) % 256]
    if alpha:
        planes.append((x * 11 + y * 5) % 256)
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8), "RGBA" if alpha else "RGB")


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def main():
    files = {
        "lossy": (picture(45, 31), dict(quality=80)),
        "lossless": (picture(45, 31), dict(lossless=True)),
        "lossy-alpha": (picture(45, 31, alpha=True), dict(quality=80)),
        "lossless-alpha": (picture(45, 31, alpha=True), dict(lossless=True, exact=True)),
        "orientation-6": (picture(45, 31), dict(lossless=True, exif=turned(6))),
        "size-1x1": (picture(1, 1), dict(lossless=True)),
        "size-17x1": (picture(17, 1), dict(quality=90)),
    }
    for name, (image, options) in files.items():
        image.save(HERE / f"{name}.webp", **options)
        read = ImageOps.exif_transpose(Image.open(HERE / f"{name}.webp"))
        if read.mode == "RGBA":
            white = Image.new("RGBA", read.size, "white")
            read = Image.alpha_composite(white, read)
        read.convert("RGB").save(HERE / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
