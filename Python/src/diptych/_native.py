"""The C interface of ``diptych.h`` through ctypes; calls release the GIL."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path

ABI_VERSION = 1

OK, END_OF_EPOCH, PENDING, ALL_HELD, INVALID, DATA, MEMORY, STOPPED, FORKED, FAILED = range(10)
FLOAT32, UINT8 = 0, 1


class Error(Exception):
    """An error of Diptych, in one line."""


class ConfigurationError(Error, ValueError):
    """A setting or an argument that cannot be used."""


class DataError(Error):
    """Images that cannot be used."""


class AllHeldError(Error):
    """All batches of a loader are still in use, so none can be filled."""


class StoppedError(Error):
    """The loader was closed."""


class ForkError(Error):
    """A loader is used in a process that was forked from the one that opened it."""


class _OutOfMemoryError(Error, MemoryError):
    """Too little memory for a loader's batches."""


_errors: dict[int, type[Error]] = {
    ALL_HELD: AllHeldError,
    INVALID: ConfigurationError,
    DATA: DataError,
    MEMORY: _OutOfMemoryError,
    STOPPED: StoppedError,
    FORKED: ForkError,
}


class Branch(ctypes.Structure):
    """``diptych_branch``."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("views", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
    ]


Allocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Memory(ctypes.Structure):
    """``diptych_memory``."""

    _fields_ = [("allocate", Allocate), ("free", Free), ("context", ctypes.c_void_p)]


class LoaderOptions(ctypes.Structure):
    """``diptych_loader_options``."""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("batch_size", ctypes.c_int64),
        ("first_epoch", ctypes.c_int64),
        ("epochs", ctypes.c_int64),
        ("first_batch", ctypes.c_int64),
        ("seed", ctypes.c_uint64),
        ("threads", ctypes.c_int64),
        ("slots", ctypes.c_int64),
        ("rank", ctypes.c_int64),
        ("world_size", ctypes.c_int64),
        ("drop_last", ctypes.c_int32),
        ("shuffle", ctypes.c_int32),
        ("pixels", ctypes.c_int32),
        ("maximum_bad", ctypes.c_double),
        ("memory", Memory),
    ]


class Views(ctypes.Structure):
    """``diptych_views``."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("views", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
    ]


class Batch(ctypes.Structure):
    """``diptych_batch``."""

    _fields_ = [
        ("epoch", ctypes.c_int64),
        ("index", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("samples", ctypes.POINTER(ctypes.c_int64)),
        ("labels", ctypes.POINTER(ctypes.c_int64)),
        ("branches", ctypes.POINTER(Views)),
        ("branch_count", ctypes.c_int64),
        ("owner", ctypes.c_void_p),
    ]


class Statistics(ctypes.Structure):
    """``diptych_statistics``."""

    _fields_ = [
        ("images", ctypes.c_int64),
        ("failures", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("read", ctypes.c_double),
        ("decode", ctypes.c_double),
        ("augment", ctypes.c_double),
        ("normalize", ctypes.c_double),
        ("idle", ctypes.c_double),
        ("waited", ctypes.c_double),
    ]


class Picture(ctypes.Structure):
    """``diptych_picture``."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("owner", ctypes.c_void_p),
    ]


class File(ctypes.Structure):
    """``diptych_file``."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_size_t),
        ("owner", ctypes.c_void_p),
    ]


_handle = ctypes.c_void_p
_out = ctypes.POINTER(ctypes.c_void_p)
_size = ctypes.c_size_t
_sizes = ctypes.POINTER(ctypes.c_size_t)
_floats = ctypes.POINTER(ctypes.c_float)
_text = ctypes.c_char_p
_i64 = ctypes.c_int64
_u64 = ctypes.c_uint64
_int = ctypes.c_int32

_signatures: dict[str, tuple[object, list[object]]] = {
    "abi_version": (ctypes.c_int32, []),
    "version": (_text, []),
    "last_error": (_text, []),
    "pipeline_open": (ctypes.c_int, [_text, _text, ctypes.POINTER(_text), _size, _out]),
    "pipeline_evaluation": (ctypes.c_int, [_handle, _out]),
    "pipeline_close": (None, [_handle]),
    "pipeline_branch_count": (ctypes.c_int, [_handle, _sizes]),
    "pipeline_branch": (ctypes.c_int, [_handle, _size, ctypes.POINTER(Branch)]),
    "pipeline_normalization": (ctypes.c_int, [_handle, _floats, _floats]),
    "source_open": (ctypes.c_int, [_text, _out]),
    "source_close": (None, [_handle]),
    "source_count": (ctypes.c_int, [_handle, _sizes, _sizes]),
    "source_class": (ctypes.c_int, [_handle, _size, ctypes.POINTER(_text)]),
    "source_labels": (ctypes.c_int, [_handle, ctypes.c_void_p, _size]),
    "source_path": (ctypes.c_int, [_handle, _size, ctypes.c_void_p, _size, _sizes]),
    "loader_defaults": (None, [ctypes.POINTER(LoaderOptions)]),
    "loader_open": (ctypes.c_int, [_handle, _handle, ctypes.POINTER(LoaderOptions), _out]),
    "loader_close": (None, [_handle]),
    "loader_stop": (ctypes.c_int, [_handle]),
    "loader_length": (ctypes.c_int, [_handle, _sizes]),
    "loader_next": (ctypes.c_int, [_handle, ctypes.c_double, ctypes.POINTER(Batch)]),
    "batch_release": (None, [ctypes.POINTER(Batch)]),
    "loader_statistics": (ctypes.c_int, [_handle, ctypes.POINTER(Statistics)]),
    "loader_quarantine_count": (ctypes.c_int, [_handle, _sizes]),
    "loader_quarantine": (
        ctypes.c_int,
        [_handle, _size, ctypes.POINTER(_i64), ctypes.c_void_p, _size, _sizes],
    ),
    "decode": (ctypes.c_int, [_text, ctypes.POINTER(Picture)]),
    "decode_bytes": (ctypes.c_int, [ctypes.c_void_p, _size, ctypes.POINTER(Picture)]),
    "picture_release": (None, [ctypes.POINTER(Picture)]),
    "make_views": (
        ctypes.c_int,
        [_handle, ctypes.POINTER(Picture), _size, _u64, _i64, _i64, _int, ctypes.c_void_p, _size],
    ),
    "contact_sheet": (ctypes.c_int, [_handle, _handle, _size, _u64, ctypes.POINTER(File)]),
    "file_release": (None, [ctypes.POINTER(File)]),
}


def _path() -> Path:
    given = os.environ.get("DIPTYCH_LIBRARY")
    return Path(given) if given else Path(__file__).parent / "lib" / "libdiptych-views.so"


class Library:
    """The functions of the library under their names without ``diptych_``."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ImportError(f"{path}: not found; install the wheel, or set DIPTYCH_LIBRARY")
        library = ctypes.CDLL(str(path))
        self._functions: dict[str, Callable[..., int]] = {}
        for name, (result, arguments) in _signatures.items():
            function = getattr(library, f"diptych_{name}")
            function.restype = result
            function.argtypes = arguments
            self._functions[name] = function
        found = self.abi_version()
        if found != ABI_VERSION:
            raise ImportError(f"{path}: has interface {found}, this package needs {ABI_VERSION}")

    def __getattr__(self, name: str) -> Callable[..., int]:
        return self._functions[name]

    def check(self, status: int) -> None:
        """Raises the error of a status."""
        if status != OK:
            raise self.error(status)

    def error(self, status: int) -> Error:
        """The error of a status, with the thread's message."""
        message = self._functions["last_error"]().decode("utf-8", "replace")  # type: ignore[attr-defined]
        return _errors.get(status, Error)(message)

    def text(self, call: Callable[[object, int, object], int]) -> str:
        """The text that a function copies into a buffer."""
        length = ctypes.c_size_t()
        capacity = 512
        while True:
            memory = ctypes.create_string_buffer(capacity)
            self.check(call(ctypes.addressof(memory), capacity, ctypes.byref(length)))
            if length.value < capacity:
                return memory.raw[: length.value].decode("utf-8", "replace")
            capacity = length.value + 1


_lock = threading.Lock()
_loaded: list[Library] = []


def library() -> Library:
    """The library, loaded at its first use."""
    with _lock:
        if not _loaded:
            _loaded.append(Library(_path()))
        return _loaded[0]
