"""Single pictures: decoding, views, contact sheets."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence

import numpy as np

from . import _native as native
from ._pipeline import Pipeline, PipelineLike, Source, integer, text


def decode(image: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Decodes a file, or a file's bytes, to uint8 ``[height, width, 3]``.

    The EXIF orientation is applied; transparent pixels become white.

    Raises:
        DataError: the file cannot be read or is not a picture.
    """
    library = native.library()
    found = native.Picture()
    if isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
        library.check(library.decode_bytes(data, len(data), ctypes.byref(found)))
    else:
        library.check(library.decode(text(image, "image"), ctypes.byref(found)))
    try:
        size = found.height * found.width * 3
        pixels = np.frombuffer(ctypes.string_at(found.data, size), np.uint8)
        return pixels.reshape(found.height, found.width, 3).copy()
    finally:
        library.picture_release(ctypes.byref(found))


def views(
    image: str | os.PathLike[str] | bytes | np.ndarray,
    pipeline: PipelineLike = None,
    count: int = 1,
    seed: int = 0,
    *,
    overrides: Sequence[str] = (),
    dtype: str = "float32",
) -> list[np.ndarray]:
    """Draws a picture's views ``count`` times.

    Args:
        image: a path, a file's bytes, or uint8 ``[height, width, 3]``.
        pipeline: as for `Loader`.
        count: the number of draws.
        seed: the seed of the draws; draw ``i`` equals that of sample ``i`` in epoch 0.
        overrides: settings that replace the pipeline's.
        dtype: ``"float32"``, normalised, or ``"uint8"``.

    Returns:
        One array per branch: floats ``[count, views, 3, H, W]``, or bytes
        ``[count, views, H, W, 3]``.
    """
    library = native.library()
    count, seed = integer("count", count, 1), integer("seed", seed, 0, (1 << 64) - 1)
    own = Pipeline.of(pipeline, overrides)
    pixels = np.ascontiguousarray(image if isinstance(image, np.ndarray) else decode(image))
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise native.ConfigurationError(
            f"image: must be uint8 [height, width, 3], is {pixels.dtype} {list(pixels.shape)}"
        )
    if dtype not in ("float32", "uint8"):
        raise native.ConfigurationError(f"dtype: must be float32 or uint8, is {dtype!r}")
    picture = native.Picture(pixels.ctypes.data, pixels.shape[0], pixels.shape[1], None)
    kind = native.UINT8 if dtype == "uint8" else native.FLOAT32
    results = []
    for place, branch in enumerate(own.branches):
        one = (branch.height, branch.width, 3) if kind else (3, branch.height, branch.width)
        array = np.empty((count, branch.views, *one), dtype)
        for sample in range(count):
            target = array[sample]
            library.check(
                library.make_views(
                    own._handle,
                    ctypes.byref(picture),
                    place,
                    seed,
                    0,
                    sample,
                    kind,
                    target.ctypes.data,
                    target.nbytes,
                )
            )
        results.append(array)
    return results


class Sheet:
    """A contact sheet: a PNG that a notebook displays."""

    def __init__(self, png: bytes) -> None:
        self.png = png

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the PNG file."""
        with open(path, "wb") as file:
            file.write(self.png)


def show(
    images: str | os.PathLike[str] | Source,
    pipeline: PipelineLike = None,
    count: int = 8,
    seed: int = 0,
    *,
    overrides: Sequence[str] = (),
) -> Sheet:
    """Shows the views of some images, one row each: the original and its views."""
    library = native.library()
    count, seed = integer("count", count, 1), integer("seed", seed, 0, (1 << 64) - 1)
    source = images if isinstance(images, Source) else Source(images)
    own = Pipeline.of(pipeline, overrides)
    found = native.File()
    library.check(
        library.contact_sheet(source._handle, own._handle, count, seed, ctypes.byref(found))
    )
    try:
        return Sheet(ctypes.string_at(found.data, found.bytes))
    finally:
        library.file_release(ctypes.byref(found))
