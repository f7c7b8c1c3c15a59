"""Packs any Python data set into WebDataset shards, which every ``diptych`` command accepts."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

#: The default keys of a sample; the first that is there is used.
_KEYS = {
    "image": ("image", "img", "picture", "jpg", "jpeg", "png", "webp", "file_name", "path"),
    "label": ("label", "labels", "cls", "class", "target", "fine_label"),
    "caption": ("caption", "text", "txt", "sentence", "title"),
    "value": ("value", "score"),
    "group": ("group", "group_id", "patient_id", "subject_id", "scene_id", "video_id"),
    "split": ("split",),
    "weight": ("weight",),
}

_MAGIC = (
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"RIFF", "webp"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"P6", "ppm"),
    (b"P5", "pgm"),
)


def pack(
    dataset: Any,
    output: str | os.PathLike[str],
    *,
    keys: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    count: int = 10_000,
    size: int = 256 << 20,
    seed: int | None = 0,
    force: bool = False,
) -> list[str]:
    """Writes a data set as WebDataset shards; each shard is written completely or not at all.

    Args:
        dataset: anything that yields ``(image, label)``, an image alone, or a mapping; a data set
            of torchvision or Hugging Face, or a mapping from the names of splits to several. An
            image is encoded bytes, a path, a PIL image, or an array or a tensor of 8 bits (or
            floats in 0...1), ``[H, W]``, ``[H, W, 3]`` or ``[3, H, W]``. Bytes and files are kept
            unchanged; everything else is written as PNG, without loss.
        output: the shards' path with a format for their number, as in ``"shards/%06d.tar"``.
        keys: the keys of a sample's parts, as ``{"label": "species"}``: ``image``, ``label``,
            ``caption``, ``value``, ``group``, ``split``, ``weight``. The others are found by their
            usual names.
        classes: the names of the classes, of which numeric labels are indices; the data set's own
            by default.
        count: the most images in a shard.
        size: the most bytes in a shard.
        seed: the seed of the order; ``None`` keeps the data set's. An iterable without indices also
            keeps it: shuffle it first, because neighbours in shards are in the same batches.
        force: replaces existing shards, and removes those after the last new one.

    Returns:
        The paths of the shards.

    Raises:
        FileExistsError: the shards already exist.
        ValueError: the output has no format for the number, or a sample is invalid.
    """
    pattern = os.fspath(output)
    if pattern.count("%") != 1 or _name(pattern, 0) == pattern:
        raise ValueError(
            f"{pattern}: needs one format for the shard's number, as in shards/%06d.tar"
        )
    if not force and os.path.exists(_name(pattern, 0)):
        raise FileExistsError(f"{_name(pattern, 0)}: already exists; choose another, or force")
    os.makedirs(os.path.dirname(pattern) or ".", exist_ok=True)
    names = list(classes) if classes is not None else _class_names(dataset, keys or {})
    paths: list[str] = []
    writer: _Shard | None = None
    try:
        for index, (sample, split) in enumerate(_samples(dataset, seed)):
            try:
                members = _members(sample, split, keys or {}, names)
            except (ValueError, TypeError, KeyError, OSError) as error:
                raise ValueError(f"sample {index}: {error}") from error
            need = sum(len(data) + 1536 for _, data in members)
            if writer and (writer.count >= count or writer.bytes + need > size):
                paths.append(writer.close())
                writer = None
            if writer is None:
                writer = _Shard(_name(pattern, len(paths)), names)
            writer.add(f"{index:09d}", members)
        if writer:
            paths.append(writer.close())
            writer = None
    finally:
        if writer:
            writer.discard()
    number = len(paths)
    while force and os.path.exists(_name(pattern, number)):
        os.remove(_name(pattern, number))
        number += 1
    return paths


def _name(pattern: str, number: int) -> str:
    try:
        return pattern % number
    except (TypeError, ValueError):
        return pattern


class _Shard:
    """A shard, written to a temporary file beside its path."""

    def __init__(self, path: str, classes: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self.bytes = 0
        self._aside = f"{path}.{os.getpid()}.tmp"
        self._file = open(self._aside, "wb")  # noqa: SIM115
        self._tar = tarfile.open(  # noqa: SIM115
            fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT
        )
        if classes:
            self._write("__meta__/classes.txt", "".join(f"{name}\n" for name in classes).encode())

    def add(self, key: str, members: Iterable[tuple[str, bytes]]) -> None:
        for ending, data in members:
            self._write(f"{key}.{ending}", data)
        self.count += 1

    def _write(self, name: str, data: bytes) -> None:
        # Owner, time and mode are always the same, so the same samples give the same bytes.
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self._tar.addfile(info, io.BytesIO(data))
        self.bytes = self._file.tell()

    def close(self) -> str:
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._aside, self.path)
        return self.path

    def discard(self) -> None:
        self._file.close()
        os.remove(self._aside)


def _samples(dataset: Any, seed: int | None) -> Iterator[tuple[Any, str | None]]:
    """Yields samples with the name of their split, in the order of the seed if there is one."""
    if isinstance(dataset, Mapping):
        parts = [(name, _raw(part)) for name, part in dataset.items()]
    else:
        parts = [(None, _raw(dataset))]
    if all(hasattr(part, "__len__") and hasattr(part, "__getitem__") for _, part in parts):
        order = [(place, at) for place, (_, part) in enumerate(parts) for at in range(len(part))]
        if seed is not None:
            random.Random(seed).shuffle(order)
        for place, index in order:
            yield parts[place][1][index], parts[place][0]
    else:
        for name, part in parts:
            for sample in part:
                yield sample, name


def _raw(dataset: Any) -> Any:
    """The data set with encoded images, if it would decode them."""
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping) and hasattr(dataset, "cast_column"):
        for name, feature in features.items():
            if type(feature).__name__ == "Image" and getattr(feature, "decode", False):
                dataset = dataset.cast_column(name, type(feature)(decode=False))
        return dataset
    samples = getattr(dataset, "samples", None)
    transforms = ("transform", "target_transform", "transforms")
    if isinstance(samples, list) and not any(getattr(dataset, name, None) for name in transforms):
        return samples
    return dataset


def _class_names(dataset: Any, keys: Mapping[str, str]) -> list[str]:
    if isinstance(dataset, Mapping):
        dataset = next(iter(dataset.values()), None)
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping):
        feature = features.get(_key(features, "label", keys) or "")
        # The feature of a list of labels contains that of one label.
        feature = getattr(feature, "feature", None) or feature
        names = getattr(feature, "names", None)
    else:
        names = getattr(dataset, "classes", None)
    return [str(name) for name in names] if names else []


def _key(sample: Mapping[str, Any], part: str, keys: Mapping[str, str]) -> str | None:
    if part in keys:
        if keys[part] not in sample:
            raise KeyError(f"has no {keys[part]}; its keys are {', '.join(map(str, sample))}")
        return keys[part]
    taken = set(keys.values())
    return next((name for name in _KEYS[part] if name in sample and name not in taken), None)


def _members(
    sample: Any, split: str | None, keys: Mapping[str, str], classes: Sequence[str]
) -> list[tuple[str, bytes]]:
    """The members of a sample: extensions and contents."""
    parts: dict[str, Any] = {"split": split}
    if isinstance(sample, Mapping) and not _is_file(sample):
        for part in _KEYS:
            key = _key(sample, part, keys)
            if key is not None and (part != "split" or split is None):
                parts[part] = sample[key]
        if parts.get("image") is None:
            raise ValueError(f"has no image; its keys are {', '.join(map(str, sample))}")
    elif isinstance(sample, (tuple, list)):
        parts["image"] = sample[0]
        if len(sample) > 1:
            parts["label"] = sample[1]
    else:
        parts["image"] = sample
    ending, data = _encoded(parts["image"])
    members = [(ending, data)]
    facts: dict[str, Any] = {}
    for part in ("value", "weight"):
        if parts.get(part) is not None:
            facts[part] = float(parts[part])
    for part in ("group", "split"):
        if parts.get(part) is not None:
            facts[part] = str(parts[part])
    label = _plain(parts.get("label"))
    if isinstance(label, list):
        facts["labels"] = [_class(item, classes) for item in label]
    elif isinstance(label, float):
        facts.setdefault("value", label)
    elif label is not None:
        members.append(("cls", str(label).encode()))
        if facts:
            facts["label"] = _class(label, classes)
    if parts.get("caption") is not None:
        members.append(("txt", str(parts["caption"]).encode()))
    if facts:
        members.append(("json", json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()))
    return members


def _class(label: Any, classes: Sequence[str]) -> str:
    is_index = isinstance(label, int) and 0 <= label < len(classes)
    return classes[label] if is_index else str(label)


def _plain(label: Any) -> Any:
    """A label as an int, a float, a text, a list of them, or None."""
    if hasattr(label, "tolist"):
        label = label.tolist()
    if isinstance(label, bool):
        return int(label)
    if isinstance(label, (tuple, list)):
        return [_plain(item) for item in label]
    if label is None or isinstance(label, (int, float, str)):
        return label
    kind = type(label).__name__
    raise TypeError(f"a label must be a number, a text or a list of them, is {kind}")


def _is_file(sample: Mapping[str, Any]) -> bool:
    """Whether a mapping is an encoded image of Hugging Face."""
    return set(sample) == {"bytes", "path"}


def _encoded(image: Any) -> tuple[str, bytes]:
    """The extension and the bytes of an image's file."""
    if isinstance(image, Mapping) and _is_file(image):
        image = image["bytes"] if image["bytes"] is not None else image["path"]
    if isinstance(image, (str, os.PathLike)):
        image = Path(image).read_bytes()
    if isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
        ending = next((ending for magic, ending in _MAGIC if data.startswith(magic)), None)
        if ending is None and data[4:8] == b"ftyp":
            ending = "avif" if data[8:12] == b"avif" else "heic"
        if ending is None:
            raise ValueError("the format of the image's bytes is unknown")
        return ending, data
    if hasattr(image, "convert") and hasattr(image, "getbands"):
        # A PIL image: palettes and CMYK are converted, because PNG cannot represent them
        # unambiguously.
        mode = image.mode if image.mode in ("L", "RGB", "RGBA", "LA", "I;16") else "RGB"
        file = io.BytesIO()
        image.convert(mode).save(file, "PNG")
        return "png", file.getvalue()
    return "png", _png(_pixels(image))


def _pixels(image: Any) -> np.ndarray:
    """8-bit pixels ``[H, W]`` or ``[H, W, 3]`` of an array or a tensor."""
    is_tensor = hasattr(image, "detach")
    pixels = np.asarray(image.detach().cpu() if is_tensor else image)
    is_planar = is_tensor or pixels.shape[-1:] not in ((1,), (3,))
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3) and is_planar:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim == 3 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)) or 0 in pixels.shape:
        shape = list(pixels.shape)
        raise ValueError(f"an image must be [H, W], [H, W, 3] or [3, H, W], is {shape}")
    if pixels.dtype.kind == "f":
        if not (pixels.min() >= 0 and pixels.max() <= 1):
            raise ValueError("floats must be in 0...1: pack images before they are normalised")
        pixels = np.rint(pixels * 255)
    elif pixels.dtype != np.uint8:
        raise ValueError(f"an image must be of 8 bits or floats, is {pixels.dtype}")
    return np.ascontiguousarray(pixels.astype(np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    """A PNG file of 8-bit pixels."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines, 6))
        + chunk(b"IEND", b"")
    )
