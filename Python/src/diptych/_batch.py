"""Batches of views: arrays in the loader's memory."""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native as native

if TYPE_CHECKING:
    import torch

    from ._pipeline import Source


class _Held:
    """A batch that is given back to its loader when nothing refers to it any more."""

    # Ctrl-C could be raised inside a Python function, and exceptions in `__del__` are lost. So the
    # instance holds a C function, which its slot makes the destructor.
    __slots__ = ("__del__",)

    def __init__(self, library: native.Library, batch: native.Batch) -> None:
        self.__del__ = functools.partial(library.batch_release, ctypes.byref(batch))


class _Memory:
    """An array interface for NumPy that keeps the batch alive."""

    def __init__(self, held: _Held, address: int, shape: tuple[int, ...], kind: str) -> None:
        self._held = held
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": kind,
            "data": (address, False),
        }


class Batch:
    """The augmented views of some images.

    The arrays are in the loader's memory, which is not reused while any of them, or a tensor made
    from one, is alive. Copy what you keep for long: a loader has few batches.

    Attributes:
        views: one array per branch: float32 ``[views, N, 3, H, W]``, normalised, or uint8
            ``[views, N, H, W, 3]``.
        labels: the images' classes, int64 ``[N]``, -1 if unlabelled.
        index: the images' indices in the source, int64 ``[N]``.
        epoch: the epoch, from 0.
        number: the batch's number in its epoch, from 0.
    """

    def __init__(
        self, library: native.Library, batch: native.Batch, source: Source, pixels: int
    ) -> None:
        held = _Held(library, batch)
        self._source = source
        self.epoch: int = batch.epoch
        self.number: int = batch.index
        count = batch.count
        self.labels: np.ndarray = np.ctypeslib.as_array(batch.labels, (count,)).copy()
        self.index: np.ndarray = np.ctypeslib.as_array(batch.samples, (count,)).copy()
        self.views: list[np.ndarray] = []
        for place in range(batch.branch_count):
            found = batch.branches[place]
            if pixels == native.UINT8:
                shape = (found.views, count, found.height, found.width, 3)
                memory = _Memory(held, found.data, shape, "|u1")
            else:
                shape = (found.views, count, 3, found.height, found.width)
                memory = _Memory(held, found.data, shape, "<f4")
            self.views.append(np.asarray(memory))

    def __len__(self) -> int:
        return len(self.index)

    @property
    def paths(self) -> list[str]:
        """The images' paths relative to the source."""
        return [self._source.path(int(index)) for index in self.index]

    def torch(self, device: Any = None, non_blocking: bool = True) -> list[torch.Tensor]:
        """The views as tensors ``[N, 3, H, W]``, those of all branches in order.

        On the CPU they share the batch's memory. Bytes come as uint8 with channels innermost
        (``channels_last``).

        Args:
            device: the device of the tensors; the CPU if ``None``.
            non_blocking: whether the copies to a GPU are queued together, with one wait before the
                call returns.
        """
        import torch

        tensors = []
        for array in self.views:
            for view in array:
                tensor = torch.from_numpy(view)
                if array.dtype == np.uint8:
                    tensor = tensor.permute(0, 3, 1, 2)
                if device is not None:
                    tensor = tensor.to(device, non_blocking=non_blocking)
                tensors.append(tensor)
        if device is not None and torch.device(device).type == "cuda" and non_blocking:
            # The memory must not be reused before the copies are done.
            torch.cuda.current_stream(device).synchronize()
        return tensors
