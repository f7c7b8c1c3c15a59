"""Folders of pictures that the tests load; written without any image library."""

import struct
import zlib

import numpy as np
import pytest


def write_png(path, pixels):
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(0)
    for name in ("cat", "dog", "eel"):
        for index in range(14):
            size = draw.integers(20, 60, 2)
            pixels = draw.integers(0, 256, (*size, 3), dtype=np.uint8)
            write_png(root / name / f"{index}.png", pixels)
    return root


@pytest.fixture
def small():
    steps = ["resized_crop", "horizontal_flip", {"color_jitter": {"brightness": 0.4}}]
    return {"views": {"branches": [{"count": 2, "size": 16, "steps": steps}]}}
