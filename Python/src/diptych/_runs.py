"""The results of the ``diptych`` command, and its diagnosis, in Python."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._command import environment, program
from ._native import ConfigurationError, DataError, Error
from ._pipeline import number

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Features:
    """The output of ``diptych embed``.

    Attributes:
        values: float32 ``[images, dimension]``.
        labels: int64 ``[images]``, -1 if unlabelled.
        paths: the images' paths.
        classes: the names of the classes, in the order of the labels.
        columns: the columns of the images' table by name, as text; without a table ``path`` and,
            with classes, ``label``.
    """

    values: np.ndarray
    labels: np.ndarray
    paths: list[str]
    classes: list[str]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the columns and the features as one table, a row for each image.

        A ``.csv`` file has columns ``f0``, ``f1`` and so on for the dimensions. A ``.parquet``
        file has one column ``features`` of float32 lists, with ``labels`` as lists, and ``value``
        and ``weight`` as numbers; it needs pyarrow.
        """
        file = Path(path)
        write = {".csv": self._csv, ".parquet": self._parquet}.get(file.suffix.lower())
        if write is None:
            raise ConfigurationError(f"{file}: the name must end in .csv or .parquet")
        part = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            write(part)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)

    def _csv(self, file: Path) -> None:
        with open(file, "w", encoding="utf-8", errors="surrogateescape", newline="") as output:
            rows = csv.writer(output, lineterminator="\n")
            rows.writerow([*self.columns, *(f"f{place}" for place in range(self.values.shape[1]))])
            for place, values in enumerate(self.values):
                rows.writerow([*(texts[place] for texts in self.columns.values()), *values])

    def _parquet(self, file: Path) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise Error("Parquet files need pyarrow: pip install pyarrow") from None
        number = (float, pyarrow.float64())
        kinds: dict[str, tuple[Callable[[str], Any], pyarrow.DataType]] = {
            "value": number,
            "weight": number,
            "labels": (lambda text: text.split("|"), pyarrow.list_(pyarrow.string())),
        }

        def column(name: str, texts: list[str]) -> pyarrow.Array:
            read, kind = kinds.get(name, (str, pyarrow.string()))
            # Parquet's text is UTF-8.
            bytes_of = [text.encode("utf-8", "surrogateescape") for text in texts]
            plain = [encoded.decode(errors="replace") for encoded in bytes_of]
            return pyarrow.array([read(text) if text else None for text in plain], kind)

        dimension = self.values.shape[1]
        flat = pyarrow.array(np.ascontiguousarray(self.values, np.float32).reshape(-1))
        table = {name: column(name, texts) for name, texts in self.columns.items()}
        table["features"] = pyarrow.FixedSizeListArray.from_arrays(flat, dimension)
        pyarrow.parquet.write_table(pyarrow.table(table), file)


def features(path: str | os.PathLike[str]) -> Features:
    """Reads the output of ``diptych embed --output PATH``: the ``.npy`` file, or its folder."""
    file = Path(path)
    if file.is_dir():
        file = file / "features.npy"
    if not file.exists():
        raise DataError(f"{file}: there is no such file; diptych embed RUN IMAGES --output {file}")
    stem = "" if file.name == "features.npy" else f"{file.stem}."

    def lines(name: str) -> list[str]:
        beside = file.with_name(stem + name)
        if not beside.exists():
            return []
        # A name may contain characters that Python treats as line ends.
        return beside.read_text("utf-8", "surrogateescape").split("\n")[:-1]

    def array(path: Path) -> np.ndarray:
        try:
            return np.load(path)
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{path}: is not a readable .npy file: {error}") from None

    values = array(file)
    beside = file.with_name(f"{stem}labels.npy")
    labels = array(beside) if beside.exists() else np.full(len(values), -1, np.int64)
    paths, classes = lines("paths.txt"), lines("classes.txt")
    table = file.with_name(f"{stem}table.csv")
    if table.exists():
        text = table.read_bytes().decode("utf-8", "surrogateescape")
        # Captions may be longer than csv's own limit.
        before = csv.field_size_limit(len(text) + 1)
        try:
            names, *rows = csv.reader(io.StringIO(text, newline=""))
            columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        except (csv.Error, ValueError, IndexError) as error:
            raise DataError(f"{table}: is not a readable table: {error}") from None
        finally:
            csv.field_size_limit(before)
        if len(rows) != len(values):
            raise DataError(f"{table}: has {len(rows)} rows for {len(values)} features")
    else:
        columns = {"path": paths} if paths else {}
        if classes:
            columns["label"] = [classes[label] if label >= 0 else "" for label in labels]
    return Features(values, labels, paths, classes, columns)


def load_encoder(run: str | os.PathLike[str]) -> torch.nn.Module:
    """A run's encoder as a module of torchvision or timm, with the run's weights.

    Images ``[N, 3, H, W]``, normalised, become features ``[N, dimension]``. Needs torch,
    safetensors and timm (ViTs) or torchvision (all others). ``convnet``, which neither has, raises
    a :class:`DataError`.

    Args:
        run: a run folder, or the folder of an ``encoder.safetensors`` with its ``encoder.json``.
    """
    folder = Path(run)
    weights = folder if folder.is_file() else folder / "encoder.safetensors"
    description = weights.with_name("encoder.json")
    if not weights.exists() or not description.exists():
        raise DataError(f"{folder}: needs encoder.safetensors and encoder.json beside it")
    try:
        ((name, settings),) = json.loads(description.read_text("utf-8"))["encoder"].items()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise DataError(
            f"{description}: does not describe the network; train on, or export the run again"
        ) from None
    build = _networks.get(name)
    if build is None:
        raise DataError(f"{description}: {name} is not a network of torchvision or timm")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(str(weights))
    except (OSError, SafetensorError) as error:
        raise DataError(f"{weights}: cannot be read: {error}") from None
    try:
        module = build(name, settings)
        module.load_state_dict(state)
    except (RuntimeError, LookupError, TypeError) as error:
        words = " ".join(str(error).split())[:300]
        raise DataError(f"{weights}: does not fit {description}: {words}") from None
    return module.eval()


# Block, depths, and the channels of a block's middle layer for 64 at its end.
_resnets: dict[str, tuple[str, list[int], int]] = {
    "resnet18": ("BasicBlock", [2, 2, 2, 2], 64),
    "resnet34": ("BasicBlock", [3, 4, 6, 3], 64),
    "resnet50": ("Bottleneck", [3, 4, 6, 3], 64),
    "resnet101": ("Bottleneck", [3, 4, 23, 3], 64),
    "wide_resnet50_2": ("Bottleneck", [3, 4, 6, 3], 128),
}


def _resnet(name: str, settings: dict[str, Any]) -> torch.nn.Module:
    from torch import nn
    from torchvision.models import resnet

    block, depths, base = _resnets[name]
    kind = getattr(resnet, block)
    width = settings["width"]

    class Narrow(resnet.ResNet):
        """torchvision's ResNet of another width."""

        def __init__(self) -> None:
            nn.Module.__init__(self)
            self._norm_layer = nn.BatchNorm2d
            self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, base
            small = settings["stem"] == "small"
            self.conv1 = (
                nn.Conv2d(3, width, 3, 1, 1, bias=False)
                if small
                else nn.Conv2d(3, width, 7, 2, 3, bias=False)
            )
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU(inplace=True)
            self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
            self.layer1 = self._make_layer(kind, width, depths[0])
            self.layer2 = self._make_layer(kind, 2 * width, depths[1], stride=2)
            self.layer3 = self._make_layer(kind, 4 * width, depths[2], stride=2)
            self.layer4 = self._make_layer(kind, 8 * width, depths[3], stride=2)
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Identity()

    return Narrow()


def _mobilenet(_: str, settings: dict[str, Any]) -> torch.nn.Module:
    from torch import nn
    from torchvision.models import MobileNetV2

    small = settings["stem"] == "small"
    # Expansion, channels, blocks, stride: Sandler et al. 2018, table 2.
    stages = [
        *([1, 16, 1, 1], [6, 24, 2, 1 if small else 2], [6, 32, 3, 2], [6, 64, 4, 2]),
        *([6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]),
    ]
    module = MobileNetV2(width_mult=settings["width_mult"], inverted_residual_setting=stages)
    if small:
        module.features[0][0].stride = (1, 1)
    module.classifier = nn.Identity()
    return module


def _convnext(name: str, settings: dict[str, Any]) -> torch.nn.Module:
    from torch import nn
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    depths = [3, 3, 27 if name == "convnext_small" else 9, 3]
    widths = [settings["width"] << stage for stage in range(4)]
    following = [*widths[1:], None]
    blocks = [CNBlockConfig(*item) for item in zip(widths, following, depths)]
    model = ConvNeXt(
        blocks, stochastic_depth_prob=settings["drop_path"], layer_scale=settings["layer_scale"]
    )
    model.classifier[2] = nn.Identity()
    return model


_vits = {"vit_tiny": 192, "vit_small": 384, "vit_base": 768}


def _vit(name: str, settings: dict[str, Any]) -> torch.nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    mean = settings["pool"] == "mean"
    preset = _vits.get(name)
    registers = settings.get("registers", 0)
    return VisionTransformer(
        img_size=settings["image_size"],
        patch_size=settings["patch"],
        embed_dim=preset or settings["width"],
        depth=12 if preset else settings["depth"],
        num_heads=preset // 64 if preset else settings["heads"],
        mlp_ratio=4 if preset else settings["mlp_ratio"],
        class_token=not mean,
        global_pool="avg" if mean else "token",
        reg_tokens=registers,
        no_embed_class=registers > 0,
        init_values=settings.get("layer_scale") or None,
        drop_path_rate=settings.get("drop_path", 0),
        num_classes=0,
    )


_networks: dict[str, Callable[[str, dict[str, Any]], torch.nn.Module]] = {
    **dict.fromkeys(_resnets, _resnet),
    "mobilenet_v2": _mobilenet,
    "convnext_tiny": _convnext,
    "convnext_small": _convnext,
    "vit": _vit,
    **dict.fromkeys(_vits, _vit),
}


@dataclass(frozen=True)
class Finding:
    """One finding of a diagnosis.

    Attributes:
        code: its name, as in ``dimensional_collapse``.
        title: its title, in one line.
        severity: ``critical``, ``warning`` or ``note``.
        details: all of its fields in the command's JSON.
    """

    code: str
    title: str
    severity: str
    details: dict[str, Any] = field(repr=False, default_factory=dict)


class Diagnosis(Sequence[Finding]):
    """The findings of a diagnosis, causes first; a notebook shows them as a table."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.report = report
        self.findings = [
            Finding(
                str(one.get("code", "")),
                str(one.get("title", one.get("summary", ""))),
                str(one.get("severity", "")),
                one,
            )
            for one in report.get("findings", [])
        ]

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, index: Any) -> Any:
        return self.findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        return "\n".join(f"{one.code} ({one.severity}): {one.title}" for one in self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{html.escape(one.code)}</code></td><td>{html.escape(one.severity)}</td>"
            f"<td>{html.escape(one.title)}</td></tr>"
            for one in self
        )
        return f"<table><tr><th>finding</th><th>severity</th><th>what</th></tr>{rows}</table>"


def diagnose(z1: Any, z2: Any, labels: Any = None, temperature: float | None = None) -> Diagnosis:
    """Diagnoses paired embeddings; needs the ``train`` extra.

    Args:
        z1: embeddings of one view, ``[pairs, dimension]``, an array or a tensor.
        z2: those of the other view; row i of both is one sample.
        labels: the samples' classes, integers ``[pairs]``.
        temperature: the loss's temperature, if it had one.
    """
    arrays = {"z1": _array("z1", z1, np.float32, 2), "z2": _array("z2", z2, np.float32, 2)}
    if labels is not None:
        arrays["labels"] = _array("labels", labels, np.int64, 1)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, f"{name}.npy") for name in arrays}
        for name, array in arrays.items():
            np.save(paths[name], array)
        command = ["diagnose", "--views", paths["z1"], paths["z2"], "--json", "-"]
        if labels is not None:
            command += ["--labels", paths["labels"]]
        if temperature is not None:
            command += ["--temperature", repr(number("temperature", temperature))]
        done = subprocess.run(
            [program(), *command], capture_output=True, text=True, env=environment(), check=False
        )
        if done.returncode != 0:
            message = done.stderr.strip().removeprefix("diptych: ") or "diptych diagnose failed"
            for name, path in paths.items():
                message = message.replace(path, name)
            raise {2: ConfigurationError, 3: DataError}.get(done.returncode, Error)(message)
    return Diagnosis(json.loads(done.stdout))


def _array(name: str, value: Any, kind: type, dimensions: int) -> np.ndarray:
    """An array or a tensor as an array of a kind."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    wanted = "[pairs, dimension]" if dimensions == 2 else "integers [pairs]"
    try:
        array = np.asarray(value)
        is_whole = kind is not np.int64 or np.issubdtype(array.dtype, np.integer)
        array = array.astype(kind, copy=False)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{name}: must be {wanted}: {error}") from None
    if array.ndim != dimensions or not is_whole:
        raise ConfigurationError(f"{name}: must be {wanted}, is {array.dtype} {list(array.shape)}")
    return array
