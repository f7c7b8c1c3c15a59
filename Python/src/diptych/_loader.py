"""The loader: batches of views, in place of a PyTorch ``DataLoader``."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import _native as native
from ._batch import Batch
from ._pipeline import Branch, Pipeline, PipelineLike, Source, integer, number

# How long a call waits before Python checks its signals, in seconds.
_patience = 0.1
_endless = 1 << 31


class Loader:
    """Streams batches of augmented views of a folder's images.

    Worker threads outside of the GIL decode and augment ahead of the loop. Batches are the same,
    bit for bit, with any number of threads: they depend on the seed, the epoch and the images.

    ```python
    loader = diptych.Loader("photos", pipeline="simclr.yaml", batch_size=256, epochs=100)
    for epoch in loader.epochs():
        for batch in epoch:
            x1, x2 = batch.torch(device="cuda")
    ```

    Like a ``DataLoader`` it has a length, and each ``iter`` gives an epoch. It has ``set_epoch``,
    and ``state_dict`` and ``load_state_dict``, which are exact to the batch.

    Args:
        images: a folder, shards or a table; of a folder with ``train/`` and ``test/`` or ``val/``,
            the images of ``train/``.
        pipeline: a path, YAML text, a mapping or a `Pipeline`; SimCLR's defaults if ``None``.
        views: only the ``views`` part, as a mapping, instead of ``pipeline``.
        overrides: settings that replace the pipeline's, as in ``"views.branches[0].size=96"``.
        batch_size: the images in a batch of this rank.
        epochs: the number of epochs in `epochs`; unlimited if ``None``.
        seed: the seed of the order and of the views.
        evaluation: whether to make the single evaluation view; with ``shuffle=False,
            drop_last=False`` every image comes once, in the source's order.
        dtype: ``"float32"``, normalised, channels first, or ``"uint8"``, channels last.
        drop_last: whether the last batch is dropped if it is not full.
        shuffle: whether each epoch has its own random order.
        threads: worker threads; one per core if ``None``.
        slots: batches in memory, at least 2; as many as fit in 256 MiB, at most 4, if ``None``.
        rank: the index of this process among ``world_size``; that of ``torch.distributed`` if it is
            initialised, else 0 of 1.
        world_size: likewise.
        max_bad: the share of images, 0...1, that may be unusable; they are skipped.
        pin_memory: whether batches lie in page-locked memory, for copies to a GPU; needs torch.
        collate: ``None`` for `Batch` objects, ``"tuple"`` for ``(views, labels, index)`` with
            tensors, as in lightly's and Lightning's training steps.

    Raises:
        ConfigurationError: an argument or a setting cannot be used.
        DataError: there are no usable images.
    """

    def __init__(
        self,
        images: str | os.PathLike[str] | Source,
        pipeline: PipelineLike = None,
        *,
        views: Mapping[str, Any] | None = None,
        overrides: Sequence[str] = (),
        batch_size: int = 256,
        epochs: int | None = None,
        seed: int = 0,
        evaluation: bool = False,
        dtype: str = "float32",
        drop_last: bool = True,
        shuffle: bool = True,
        threads: int | None = None,
        slots: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        max_bad: float = 0.01,
        pin_memory: bool = False,
        collate: str | None = None,
    ) -> None:
        self._native: ctypes.c_void_p | None = None
        self._library = native.library()
        if views is not None:
            if pipeline is not None:
                raise TypeError("give pipeline or views, not both")
            pipeline = {"views": dict(views)}
        if isinstance(pipeline, Pipeline):
            if evaluation:
                raise TypeError("pass evaluation to Pipeline(...)")
            self.pipeline = Pipeline.of(pipeline, overrides)
        else:
            self.pipeline = Pipeline(pipeline, overrides, evaluation)
        self.source = images if isinstance(images, Source) else Source(images)
        if collate not in (None, "tuple"):
            raise native.ConfigurationError(f"collate: must be None or 'tuple', is {collate!r}")
        if dtype not in ("float32", "uint8"):
            raise native.ConfigurationError(f"dtype: must be float32 or uint8, is {dtype!r}")
        self._collate = collate
        self._memory = _PinnedMemory() if pin_memory else None
        own_rank, own_size = _distributed()
        options = native.LoaderOptions()
        self._library.loader_defaults(ctypes.byref(options))
        options.batch_size = integer("batch_size", batch_size, 1)
        options.seed = integer("seed", seed, 0, (1 << 64) - 1)
        options.threads = 0 if threads is None else integer("threads", threads, 1)
        options.slots = 0 if slots is None else integer("slots", slots, 2)
        size = own_size if world_size is None else world_size
        options.world_size = integer("world_size", size, 1)
        options.rank = integer("rank", own_rank if rank is None else rank, 0)
        options.drop_last = bool(drop_last)
        options.shuffle = bool(shuffle)
        options.pixels = native.UINT8 if dtype == "uint8" else native.FLOAT32
        options.maximum_bad = number("max_bad", max_bad)
        if self._memory:
            options.memory = self._memory.functions
        self._options = options
        self._epochs = None if epochs is None else integer("epochs", epochs, 1)
        # The position of the next batch, and whether any batch of its epoch was given out.
        self._epoch = 0
        self._batch = 0
        self._is_begun = False
        # The position of the native loader.
        self._place: tuple[int, int] | None = None
        self._length = self._count_batches()

    # The interface of a DataLoader.

    def __len__(self) -> int:
        """The batches in an epoch of this rank."""
        return self._length

    @property
    def batch_size(self) -> int:
        """The images in a batch of this rank."""
        return int(self._options.batch_size)

    @property
    def classes(self) -> list[str]:
        """The names of the classes, in the order of the labels; empty without labels."""
        return self.source.classes

    @property
    def branches(self) -> list[Branch]:
        """The kinds of view."""
        return self.pipeline.branches

    def __iter__(self) -> Iterator[Any]:
        """One epoch: the current one, or the next if some of its batches were given out already."""
        if self._is_begun:
            self._epoch, self._batch = self._epoch + 1, 0
        self._is_begun = True
        return self._iterate(self._epoch)

    def epochs(self) -> Iterator[Iterator[Any]]:
        """The remaining epochs, each an iterator over its batches."""
        while self._epochs is None or self._epoch + int(self._is_begun) < self._epochs:
            yield iter(self)

    def set_epoch(self, epoch: int) -> None:
        """Makes the next ``iter`` start this epoch."""
        self._epoch, self._batch = integer("epoch", epoch, 0), 0
        self._is_begun = False

    def state_dict(self) -> dict[str, int]:
        """The position of the loader; ``load_state_dict`` then continues with the next batch."""
        return {"epoch": self._epoch, "batch": self._batch, "begun": int(self._is_begun)}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Moves to the position of another loader with the same arguments."""
        try:
            epoch, batch = state["epoch"], state["batch"]
        except (KeyError, TypeError):
            raise native.ConfigurationError(
                f"state: must have 'epoch' and 'batch', is {state!r}"
            ) from None
        self._epoch = integer("state['epoch']", epoch, 0)
        self._batch = integer("state['batch']", batch, 0, len(self))
        # The rest of an epoch comes first; a complete epoch has no rest.
        self._is_begun = bool(state.get("begun", 0)) and self._batch == len(self)

    # Statistics.

    @property
    def statistics(self) -> dict[str, float]:
        """Seconds by stage over all workers, images, failures and bytes, since the last start."""
        found = native.Statistics()
        if self._native:
            self._library.check(self._library.loader_statistics(self._native, ctypes.byref(found)))
        return {name: getattr(found, name) for name, *_ in native.Statistics._fields_}

    @property
    def quarantine(self) -> list[tuple[int, str]]:
        """The images that were skipped since the last start: index and ``"path: reason"``."""
        if not self._native:
            return []
        count = ctypes.c_size_t()
        self._library.check(
            self._library.loader_quarantine_count(self._native, ctypes.byref(count))
        )
        records = []
        for place in range(count.value):
            sample = ctypes.c_int64()

            def read(
                memory: object,
                capacity: int,
                length: object,
                place: int = place,
                sample: ctypes.c_int64 = sample,
            ) -> int:
                return self._library.loader_quarantine(
                    self._native, place, ctypes.byref(sample), memory, capacity, length
                )

            line = self._library.text(read)
            records.append((sample.value, line))
        return records

    def close(self) -> None:
        """Stops the workers. Batches in use stay valid."""
        if self._native:
            self._library.loader_close(self._native)
        self._native = None
        self._place = None

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_native", None):
            self.close()

    def __getstate__(self) -> object:
        raise TypeError(
            "a Loader cannot be pickled or sent to another process: it makes its batches in "
            "its own threads, so use it in place of a DataLoader, without workers"
        )

    # Internals.

    def _count_batches(self) -> int:
        options = self._options
        images, ranks, batch = len(self.source), options.world_size, options.batch_size
        share = images // ranks if options.drop_last else -(-images // ranks)
        return share // batch if options.drop_last else -(-share // batch)

    def _start(self) -> None:
        """Opens a native loader at the position of this one."""
        if self._place == (self._epoch, self._batch) and self._native:
            return
        self.close()
        options = self._options
        options.first_epoch, options.first_batch = self._epoch, self._batch
        options.epochs = max(self._epochs or _endless, self._epoch + 1)
        opened = ctypes.c_void_p()
        self._library.check(
            self._library.loader_open(
                self.source._handle,
                self.pipeline._handle,
                ctypes.byref(options),
                ctypes.byref(opened),
            )
        )
        self._native = opened
        self._place = (self._epoch, self._batch)

    def _iterate(self, epoch: int) -> Iterator[Any]:
        if self._batch >= len(self) > 0:
            return
        self._start()
        handle = self._native
        while self._epoch == epoch and self._native is handle:
            found = native.Batch()
            status = self._library.loader_next(handle, _patience, ctypes.byref(found))
            if status == native.PENDING:
                # Python checks for Ctrl-C between two calls.
                continue
            if status == native.END_OF_EPOCH:
                self._batch = len(self)
                self._place = (epoch + 1, 0)
                return
            self._library.check(status)
            batch = Batch(self._library, found, self.source, self._options.pixels)
            self._batch = batch.number + 1
            self._place = (epoch, self._batch)
            yield self._collated(batch)
            del batch, found
        if self._epoch == epoch and self._native is not handle:
            raise native.StoppedError("the loader was closed or restarted inside its loop")

    def _collated(self, batch: Batch) -> Any:
        if self._collate is None:
            return batch
        import torch

        return batch.torch(), torch.from_numpy(batch.labels), torch.from_numpy(batch.index)


class _PinnedMemory:
    """Page-locked memory of torch for a loader's batches."""

    def __init__(self) -> None:
        import torch

        self._tensors: dict[int, Any] = {}

        def allocate(_: object, count: int, alignment: int) -> int | None:
            try:
                tensor = torch.empty(count + alignment, dtype=torch.uint8, pin_memory=True)
            except Exception:
                return None
            address = -(-tensor.data_ptr() // alignment) * alignment
            self._tensors[address] = tensor
            return address

        def free(_: object, address: int) -> None:
            self._tensors.pop(address, None)

        self.functions = native.Memory(native.Allocate(allocate), native.Free(free), None)


def _distributed() -> tuple[int, int]:
    """The rank and world size of torch.distributed, if it is initialised."""
    if "torch.distributed" not in sys.modules:
        return 0, 1
    distributed = sys.modules["torch.distributed"]
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()
