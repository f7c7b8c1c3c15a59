"""Writes the pictures of this folder, pixels.bin and index.json: every kind of JPEG and PNG with the pixels that Pillow
gives.

    python generate.py        # needs Pillow 13.0, numpy, and cjpeg of libjpeg-turbo 2.1

Pixels are [height, width, 3] bytes, orientation applied, alpha composited on white, one picture after another in the
order of index.json. Of 16 bits a channel the high byte is expected, computed here from the samples, and so is gray of 2
or 4 bits with a transparent level, which Pillow compares after scaling the levels but not the key; all else is what
Pillow decodes.
"""

import io
import json
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
SIZE = (45, 31)
index, blob = [], bytearray()


def picture(width, height, channels=3, seed=0):
    """Smooth gradients with an edge and some noise, so that every coefficient occurs."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [127 + 90 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c) + c) for c in range(channels)]
    values = np.stack(planes, -1) + random.normal(0, 6, (height, width, channels))
    values[height // 3 : height // 2, width // 4 : width // 2] = 30 + 60 * np.arange(channels)
    return np.clip(values, 0, 255).astype(np.uint8)


def expected(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255,) * 4), image)
    return np.asarray(image.convert("RGB"))


def add(name, data, pixels=None, alpha=False, orientation=1):
    path = HERE / name
    path.write_bytes(data)
    pixels = expected(path) if pixels is None else pixels
    index.append(
        {"name": name, "width": pixels.shape[1], "height": pixels.shape[0], "alpha": alpha, "orientation": orientation}
    )
    blob.extend(np.ascontiguousarray(pixels, np.uint8).tobytes())


def jpeg(array, mode="RGB", **options):
    out = io.BytesIO()
    Image.fromarray(array, mode).save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def cjpeg(array, *options):
    header = b"P%d %d %d 255\n" % (6 if array.ndim == 3 else 5, array.shape[1], array.shape[0])
    return subprocess.run(
        ["cjpeg", "-quality", "85", *options], input=header + array.tobytes(), capture_output=True, check=True
    ).stdout


def exif(orientation, big):
    order = ">" if big else "<"
    return (
        b"Exif\0\0"
        + (b"MM" if big else b"II")
        + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    )


def png(samples, depth, colour, palette=None, transparency=None, interlaced=False, extra=b""):
    """A PNG file written chunk by chunk, for what Pillow cannot write; rows cycle through the five filters."""
    height, width = samples.shape[:2]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    samples = samples.reshape(height, width, channels)

    def packed(part):
        rows, columns = part.shape[:2]
        if rows == 0 or columns == 0:
            return b""
        if depth == 16:
            lines = [row.astype(">u2").tobytes() for row in part]
        elif depth == 8:
            lines = [row.astype(np.uint8).tobytes() for row in part]
        else:
            bits = ((part.reshape(rows, columns)[..., None] >> np.arange(depth - 1, -1, -1)) & 1).reshape(rows, -1)
            lines = [row.tobytes() for row in np.packbits(bits.astype(np.uint8), axis=1)]
        step = max(1, depth * channels // 8)
        out, before = b"", bytes(len(lines[0]))
        for number, line in enumerate(lines):
            kind = number % 5
            out += bytes([kind]) + bytes(
                (value - predictor(kind, line, before, i, step)) & 255 for i, value in enumerate(line)
            )
            before = line
        return out

    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        raw = b"".join(packed(samples[y::down, x::right]) for x, y, right, down in passes)
    else:
        raw = packed(samples)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    body = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)) + extra
    if palette is not None:
        body += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        body += chunk(b"tRNS", transparency)
    data = zlib.compress(raw, 9)
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IDAT", data[:100]) + chunk(b"IDAT", data[100:]) + chunk(b"IEND", b"")


def predictor(kind, line, before, i, step):
    left = line[i - step] if i >= step else 0
    up = before[i]
    corner = before[i - step] if i >= step else 0
    if kind < 2:
        return left if kind else 0
    if kind == 2:
        return up
    if kind == 3:
        return (left + up) // 2
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


def jpegs():
    width, height = SIZE
    colour, gray = picture(width, height), picture(width, height, 1)[..., 0]
    for name, sampling in [("444", 0), ("422", 1), ("420", 2)]:
        add(f"baseline-{name}.jpg", jpeg(colour, subsampling=sampling))
        add(f"progressive-{name}.jpg", jpeg(colour, subsampling=sampling, progressive=True))
    for name, sampling in [("411", "4x1"), ("440", "1x2"), ("410", "4x2")]:
        add(f"baseline-{name}.jpg", cjpeg(colour, "-sample", sampling))
    add("restart.jpg", cjpeg(colour, "-restart", "2B", "-sample", "2x2"))
    add("arithmetic.jpg", cjpeg(colour, "-arithmetic"))
    add("rgb.jpg", cjpeg(colour, "-rgb"))
    scans = HERE / "scans.txt"
    scans.write_text("0;\n1;\n2;\n")
    add("scans.jpg", cjpeg(colour, "-scans", str(scans)))
    scans.unlink()
    add("gray.jpg", jpeg(gray, "L"))
    add("gray-progressive.jpg", jpeg(gray, "L", progressive=True))
    cmyk = jpeg(picture(width, height, 4), "CMYK")
    add("cmyk.jpg", cmyk)
    # The transform byte of Adobe's marker turns the same data into YCCK.
    place = cmyk.index(b"Adobe") + 11
    add("ycck.jpg", cmyk[:place] + b"\x02" + cmyk[place + 1 :])
    for orientation in range(1, 9):
        options = {"exif": exif(orientation, big=orientation % 2 == 0), "subsampling": 2}
        add(f"orientation-{orientation}.jpg", jpeg(colour, **options), orientation=orientation)
    for side in [(1, 1), (1, 17), (17, 1), (16, 16), (8, 9)]:
        add(f"size-{side[0]}x{side[1]}.jpg", jpeg(picture(*side)))


def pngs():
    width, height = SIZE
    random = np.random.default_rng(7)
    for depth in [1, 2, 4, 8, 16]:
        top = 2**depth - 1
        samples = random.integers(0, top + 1, (height, width))
        high = np.repeat((samples >> 8)[..., None], 3, 2) if depth == 16 else None
        for interlaced in [False, True]:
            suffix = "-interlaced" if interlaced else ""
            add(f"gray-{depth}{suffix}.png", png(samples, depth, 0, interlaced=interlaced), high)
        key = int(samples[0, 0])
        scaled = high if depth == 16 else np.repeat((samples * (255 // top))[..., None], 3, 2)
        keyed = np.where((samples == key)[..., None], 255, scaled)
        add(f"gray-{depth}-key.png", png(samples, depth, 0, transparency=struct.pack(">H", key)), keyed, alpha=True)
        if depth <= 8:
            palette = random.integers(0, 256, (top + 1, 3))
            for interlaced in [False, True]:
                suffix = "-interlaced" if interlaced else ""
                add(f"palette-{depth}{suffix}.png", png(samples, depth, 3, palette, interlaced=interlaced))
            add(
                f"palette-{depth}-alpha.png",
                png(samples, depth, 3, palette, bytes(random.integers(0, 256, min(top, 40)).astype(np.uint8))),
                alpha=True,
            )
    for depth in [8, 16]:
        for name, colour, channels in [("rgb", 2, 3), ("gray-alpha", 4, 2), ("rgba", 6, 4)]:
            samples = random.integers(0, 2**depth, (height, width, channels))
            high = None
            if depth == 16:
                levels = samples >> 8
                high = levels if channels == 3 else composite(levels)
            for interlaced in [False, True]:
                suffix = "-interlaced" if interlaced else ""
                add(
                    f"{name}-{depth}{suffix}.png",
                    png(samples, depth, colour, interlaced=interlaced),
                    high,
                    alpha=channels != 3,
                )
            if channels == 3:
                key = samples[0, 0]
                keyed = None if high is None else np.where((samples == key).all(-1, keepdims=True), 255, high)
                add(
                    f"rgb-{depth}-key.png",
                    png(samples, depth, colour, transparency=struct.pack(">HHH", *key)),
                    keyed,
                    alpha=True,
                )
    out = io.BytesIO()
    Image.fromarray(picture(width, height)).save(out, "PNG", exif=exif(6, big=True)[6:])
    add("orientation-6.png", out.getvalue(), orientation=6)
    for side in [(1, 1), (1, 9), (9, 1), (3, 2)]:
        add(
            f"size-{side[0]}x{side[1]}-interlaced.png",
            png(random.integers(0, 256, (side[1], side[0], 3)), 8, 2, interlaced=True),
        )


def composite(levels):
    """On white, rounded to the nearest, as libpng's 8-bit samples are composited."""
    colour, alpha = levels[..., :-1].astype(np.int64), levels[..., -1:].astype(np.int64)
    values = (2 * (colour * alpha + 255 * (255 - alpha)) + 255) // 510
    return np.broadcast_to(values, values.shape[:2] + (3,))


jpegs()
pngs()
(HERE / "index.json").write_text(json.dumps(index, separators=(",", ":")) + "\n")
(HERE / "pixels.bin").write_bytes(bytes(blob))
print(len(index), "pictures,", len(blob), "bytes of pixels")
