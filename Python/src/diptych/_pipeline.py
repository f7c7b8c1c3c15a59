"""Pipelines and sources as objects that close themselves."""

from __future__ import annotations

import ctypes
import json
import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from . import _native as native

PipelineLike = Union[str, "os.PathLike[str]", Mapping[str, Any], "Pipeline", None]


@dataclass(frozen=True)
class Branch:
    """A kind of view: its name, how many of each image, and their size in pixels."""

    name: str
    views: int
    height: int
    width: int


def text(value: str | os.PathLike[str], what: str) -> bytes:
    """A string for the library; bytes of a path that are not UTF-8 are kept."""
    try:
        value = os.fspath(value)
    except TypeError:
        raise TypeError(f"{what} must be a string or a path, is {type(value).__name__}") from None
    data = os.fsencode(value)
    if b"\0" in data:
        raise native.ConfigurationError(f"{what}: has a NUL character")
    return data


def integer(name: str, value: Any, least: int, most: int = (1 << 63) - 1) -> int:
    """An argument that must be an integer in a range."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, is {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, is {type(value).__name__}") from None
    if not least <= number <= most:
        raise native.ConfigurationError(f"{name}: must be in {least}...{most}, is {number}")
    return number


def number(name: str, value: Any) -> float:
    """An argument that must be a number."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must be a number, is {value!r}") from None


class Pipeline:
    """How views of an image are made: the ``views`` part of a run's YAML file.

    Args:
        pipeline: a path, the name of a preset such as ``"simclr-32"``, YAML text (with a line
            break), a mapping such as ``{"views": {"branches": [...]}}``, or ``None`` for SimCLR's
            defaults.
        overrides: settings that replace the file's, as in ``"views.branches[0].size=96"``.
        evaluation: whether to make the single evaluation view of an image.

    Raises:
        ConfigurationError: a setting cannot be used; the message names it.
    """

    def __init__(
        self,
        pipeline: PipelineLike = None,
        overrides: Sequence[str] = (),
        evaluation: bool = False,
    ) -> None:
        self._library = native.library()
        self._handle = ctypes.c_void_p()
        path = yaml = None
        if isinstance(pipeline, Pipeline):
            raise TypeError("pipeline is already a Pipeline")
        if isinstance(pipeline, Mapping):
            yaml = json.dumps(pipeline).encode()
        elif isinstance(pipeline, str) and "\n" in pipeline:
            yaml = pipeline.encode()
        elif pipeline is not None:
            path = text(pipeline, "pipeline")
        if isinstance(overrides, str):
            raise TypeError("overrides must be a list of strings")
        settings = [text(one, "overrides") for one in overrides]
        array = (ctypes.c_char_p * max(1, len(settings)))(*settings)
        opened = ctypes.c_void_p()
        self._library.check(
            self._library.pipeline_open(path, yaml, array, len(settings), ctypes.byref(opened))
        )
        self._handle = opened
        if evaluation:
            own = ctypes.c_void_p()
            self._library.check(self._library.pipeline_evaluation(opened, ctypes.byref(own)))
            self._library.pipeline_close(opened)
            self._handle = own

    @staticmethod
    def of(pipeline: PipelineLike, overrides: Sequence[str] = ()) -> Pipeline:
        """The pipeline itself, or one built from its description."""
        if isinstance(pipeline, Pipeline):
            if overrides:
                raise TypeError("pass overrides to Pipeline(...)")
            return pipeline
        return Pipeline(pipeline, overrides)

    @property
    def branches(self) -> list[Branch]:
        """The kinds of view, in order."""
        count = ctypes.c_size_t()
        self._library.check(self._library.pipeline_branch_count(self._handle, ctypes.byref(count)))
        branches = []
        for index in range(count.value):
            found = native.Branch()
            self._library.check(
                self._library.pipeline_branch(self._handle, index, ctypes.byref(found))
            )
            branches.append(Branch(found.name.decode(), found.views, found.height, found.width))
        return branches

    @property
    def normalization(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the channels, 0...1, each ``[3]``."""
        mean, std = np.empty(3, np.float32), np.empty(3, np.float32)
        floats = ctypes.POINTER(ctypes.c_float)
        self._library.check(
            self._library.pipeline_normalization(
                self._handle, mean.ctypes.data_as(floats), std.ctypes.data_as(floats)
            )
        )
        return mean, std

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._library.pipeline_close(self._handle)
            self._handle = ctypes.c_void_p()


class Source:
    """Images: a folder, shards or a table, as for every ``diptych`` command.

    Raises:
        DataError: there are no images, or they cannot be listed.
    """

    def __init__(self, images: str | os.PathLike[str]) -> None:
        self._library = native.library()
        self._handle = ctypes.c_void_p()
        opened = ctypes.c_void_p()
        self._library.check(self._library.source_open(text(images, "images"), ctypes.byref(opened)))
        self._handle = opened
        count, classes = ctypes.c_size_t(), ctypes.c_size_t()
        self._library.check(
            self._library.source_count(opened, ctypes.byref(count), ctypes.byref(classes))
        )
        self._count = count.value
        self.classes = [self._class(index) for index in range(classes.value)]
        self._labels: np.ndarray | None = None

    def _class(self, index: int) -> str:
        name = ctypes.c_char_p()
        self._library.check(self._library.source_class(self._handle, index, ctypes.byref(name)))
        return (name.value or b"").decode("utf-8", "replace")

    def __len__(self) -> int:
        return self._count

    @property
    def labels(self) -> np.ndarray:
        """The classes of all images, int64 ``[images]``, -1 if unlabelled."""
        if self._labels is None:
            labels = np.empty(len(self), np.int64)
            self._library.check(
                self._library.source_labels(self._handle, labels.ctypes.data, len(self))
            )
            self._labels = labels
        return self._labels

    def path(self, index: int) -> str:
        """An image's path relative to the source."""
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} images, none is number {index}")
        return self._library.text(
            lambda memory, capacity, length: self._library.source_path(
                self._handle, index, memory, capacity, length
            )
        )

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._library.source_close(self._handle)
            self._handle = ctypes.c_void_p()
