"""What the command leaves, read in Python: encoders, features, diagnoses.

Tests that train need the wheel's diptych-torch and the torch that it was built against; they skip
where either is absent.
"""

import csv
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import diptych
from diptych import _command, _runs

ENCODERS = {
    "small": {"resnet18": {"stem": "small", "width": 8}},
    "imagenet": {"resnet34": {"stem": "imagenet", "width": 8}},
    "bottleneck": {"resnet50": {"stem": "small", "width": 8}},
    "wide": {"wide_resnet50_2": {"stem": "imagenet", "width": 4}},
    "mobile": {"mobilenet_v2": {"stem": "small", "width_mult": 0.25}},
    # Branches that weigh enough to be seen in the features.
    "convnext": {"convnext_tiny": {"width": 8, "layer_scale": 0.5}},
    "preset": {"vit_tiny": {"image_size": 16, "patch": 8}},
    "token": {"vit": {"image_size": 16, "patch": 4, "width": 24, "depth": 2, "heads": 3}},
    "mean": {
        "vit": {
            "image_size": 16,
            "patch": 8,
            "width": 16,
            "depth": 1,
            "heads": 2,
            "pool": "mean",
            "position": "sin_cos",
        }
    },
}


def program(*words):
    """Runs the command that the wheel installed."""
    path = Path(sys.executable).with_name("diptych")
    return subprocess.run(
        [path, *map(str, words)], capture_output=True, text=True, timeout=600, check=False
    )


def needs_training():
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    if not (Path(diptych.__file__).parent / "bin/diptych-torch").exists():
        pytest.skip("this wheel was built without diptych-torch")
    if not torch.__version__.startswith(_command.TORCH + "."):
        pytest.skip(f"diptych-torch was built against torch {_command.TORCH}")


def needs_torchvision():
    """torchvision's networks; its operators may be of another build than torch."""
    torch = pytest.importorskip("torch")
    try:
        return pytest.importorskip("torchvision.models")
    except RuntimeError:
        import types

        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        operators = torch.library.Library("torchvision", "DEF")
        operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("stub")
        import torchvision.models

        torchvision.models.operators = operators
        return torchvision.models


@pytest.fixture(scope="session")
def train(photos, tmp_path_factory):
    """A function that trains one encoder for an epoch and embeds the photos by it."""
    needs_training()

    def trained(name):
        folder = tmp_path_factory.mktemp(name)
        # ConvNeXts halve the side five times.
        size = 32 if name == "convnext" else 16
        settings = {
            "views": {"branches": [{"count": 2, "size": size, "steps": ["resized_crop"]}]},
            "encoder": ENCODERS[name],
            "method": {"simclr": {"head": {"mlp": {"layers": 2, "output": 8}}}},
            "training": {"epochs": 1, "batch_size": 8},
        }
        pipeline = folder / "pipeline.yaml"
        pipeline.write_text(json.dumps(settings))
        done = program("train", photos, "--pipeline", pipeline, "--output", folder / "run")
        assert done.returncode == 0, done.stderr
        done = program("embed", folder / "run", photos, "--output", folder / "features.npy")
        assert done.returncode == 0, done.stderr
        return folder

    return trained


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_gives_the_features_that_embed_wrote(train, photos, name):
    import torch

    needs_torchvision()
    if any(key.startswith("vit") for key in ENCODERS[name]):
        pytest.importorskip("timm")
    folder = train(name)
    run = folder / "run"
    found = diptych.features(folder)
    model = diptych.load_encoder(run)
    assert not model.training
    batches = diptych.Loader(
        photos,
        run / "config.yaml",
        evaluation=True,
        shuffle=False,
        drop_last=False,
        batch_size=16,
    )
    with torch.no_grad():
        values = torch.cat([model(batch.torch()[0]) for batch in batches]).numpy()
    assert found.values.shape == values.shape
    assert found.values.dtype == np.float32
    # After one epoch the running statistics are off, so features may be in the thousands.
    scale = max(1.0, float(np.abs(values).max()))
    assert np.abs(found.values - values).max() < 1e-4 * scale
    assert found.classes == ["cat", "dog", "eel"]
    assert np.array_equal(found.labels, batches.source.labels)
    assert [Path(path).name for path in found.paths] == [
        Path(batches.source.path(index)).name for index in range(len(batches.source))
    ]
    # The file of weights does as well as the folder.
    again = diptych.load_encoder(run / "encoder.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters()))


def leave(folder, encoder, weights):
    """An encoder's two files, as a run leaves them."""
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    save_file(weights, folder / "encoder.safetensors")
    (folder / "encoder.json").write_text(json.dumps({"encoder": encoder}))


def test_weights_of_torchvision_come_back_as_its_module(tmp_path):
    pytest.importorskip("safetensors")
    models = needs_torchvision()
    import torch

    own = models.resnet18().eval()
    own.fc = torch.nn.Identity()
    leave(tmp_path / "run", {"resnet18": {"stem": "imagenet", "width": 64}}, own.state_dict())
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(diptych.load_encoder(tmp_path / "run")(images), own(images))


@pytest.mark.parametrize(("name", "width"), [("resnet101", 64), ("wide_resnet50_2", 64)])
def test_the_larger_networks_are_torchvisions(name, width):
    models = needs_torchvision()
    import torch

    own = _runs._resnet(name, {"stem": "imagenet", "width": width})
    with torch.device("meta"):
        theirs = getattr(models, name)()
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    for key in ("fc.weight", "fc.bias"):
        del shapes[key]
    assert {key: value.shape for key, value in own.state_dict().items()} == shapes


def test_weights_of_timm_come_back_as_its_module(tmp_path):
    pytest.importorskip("safetensors")
    needs_torchvision()
    timm = pytest.importorskip("timm")
    import torch

    own = timm.create_model("vit_tiny_patch16_224", img_size=32, num_classes=0).eval()
    settings = {
        "image_size": 32,
        "patch": 16,
        "width": 192,
        "depth": 12,
        "heads": 3,
        "mlp_ratio": 4.0,
        "pool": "class_token",
    }
    leave(tmp_path / "run", {"vit": settings}, own.state_dict())
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(
            diptych.load_encoder(tmp_path / "run")(images), own(images), atol=1e-5
        )


def test_what_is_no_encoder_is_said(tmp_path):
    pytest.importorskip("safetensors")
    torch = pytest.importorskip("torch")
    with pytest.raises(diptych.DataError, match=r"encoder\.safetensors"):
        diptych.load_encoder(tmp_path)
    weights = {"conv1.weight": torch.zeros(1)}
    leave(tmp_path / "a", {"conv_net": {"width": 4}}, weights)
    with pytest.raises(diptych.DataError, match="conv_net"):
        diptych.load_encoder(tmp_path / "a")
    for text in ("{}", "[]", "{", '{"encoder": {}}', '{"encoder": 3}'):
        (tmp_path / "a/encoder.json").write_text(text)
        with pytest.raises(diptych.DataError, match=r"encoder\.json"):
            diptych.load_encoder(tmp_path / "a")
    needs_torchvision()
    leave(tmp_path / "a", {"resnet18": {"stem": "small", "width": 4}}, weights)
    with pytest.raises(diptych.DataError, match="does not fit"):
        diptych.load_encoder(tmp_path / "a")
    (tmp_path / "a/encoder.safetensors").write_bytes(b"nothing")
    with pytest.raises(diptych.DataError, match=r"encoder\.safetensors"):
        diptych.load_encoder(tmp_path / "a")


def test_features_under_another_name_and_without_labels(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.save(tmp_path / "mine.npy", values)
    (tmp_path / "mine.paths.txt").write_bytes(b"a\nb\x85\nc\xff\n")
    found = diptych.features(tmp_path / "mine.npy")
    assert np.array_equal(found.values, values)
    assert found.labels.tolist() == [-1, -1, -1]
    assert [path.encode("utf-8", "surrogateescape") for path in found.paths] == [
        b"a",
        b"b\x85",
        b"c\xff",
    ]
    assert found.classes == []
    with pytest.raises(diptych.DataError, match="no such file"):
        diptych.features(tmp_path / "other.npy")
    (tmp_path / "other.npy").write_bytes(b"nothing")
    with pytest.raises(diptych.DataError, match=r"other\.npy"):
        diptych.features(tmp_path / "other.npy")


def test_features_become_one_table(tmp_path):
    values = np.array([[0.5, -1.25], [0.1, 2], [3, 1e-9]], np.float32)
    np.save(tmp_path / "features.npy", values)
    (tmp_path / "paths.txt").write_text("a.png\nb, c.png\nd.png\n")
    (tmp_path / "table.csv").write_text(
        'path,labels,value,group\na.png,cat|dog,1.5,p1\n"b, c.png",,,p2\nd.png,cat,-2,\n'
    )
    found = diptych.features(tmp_path)
    assert found.columns["labels"] == ["cat|dog", "", "cat"]
    found.save(tmp_path / "all.csv")
    with open(tmp_path / "all.csv", newline="") as file:
        names, *rows = csv.reader(file)
    assert names == ["path", "labels", "value", "group", "f0", "f1"]
    assert [row[:4] for row in rows][1] == ["b, c.png", "", "", "p2"]
    assert np.array_equal(np.array([row[4:] for row in rows], np.float32), values)
    with pytest.raises(diptych.ConfigurationError, match=r"\.csv or \.parquet"):
        found.save(tmp_path / "all.xlsx")
    parquet = pytest.importorskip("pyarrow.parquet")
    found.save(tmp_path / "all.parquet")
    table = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    assert table["labels"] == [["cat", "dog"], None, ["cat"]]
    assert table["value"] == [1.5, None, -2]
    assert table["group"] == ["p1", "p2", None]
    assert np.array_equal(np.array(table["features"], np.float32), values)
    assert sorted(path.name for path in tmp_path.iterdir())[:2] == ["all.csv", "all.parquet"]


def test_features_without_a_table_have_paths_and_classes(tmp_path):
    np.save(tmp_path / "features.npy", np.zeros((2, 1), np.float32))
    np.save(tmp_path / "labels.npy", np.array([1, -1]))
    (tmp_path / "paths.txt").write_text("a\nb\n")
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    found = diptych.features(tmp_path)
    assert found.columns == {"path": ["a", "b"], "label": ["dog", ""]}
    found.save(tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines()[:2] == ["path,label,f0", "a,dog,0.0"]


def test_features_alone_are_saved_and_long_captions_are_read(tmp_path):
    np.save(tmp_path / "features.npy", np.ones((2, 1), np.float32))
    diptych.features(tmp_path).save(tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines() == ["f0", "1.0", "1.0"]
    caption = "x" * 200_000
    (tmp_path / "table.csv").write_text(f"path,caption\na,{caption}\nb,\n")
    assert diptych.features(tmp_path).columns["caption"] == [caption, ""]
    for text in ("", "path\na\n", "path,caption\na,x\nb\n"):
        (tmp_path / "table.csv").write_text(text)
        with pytest.raises(diptych.DataError, match=r"table\.csv: "):
            diptych.features(tmp_path)


@pytest.mark.parametrize("kind", ["array", "tensor", "list"])
def test_a_collapse_is_found(kind):
    needs_training()
    import torch

    draw = np.random.default_rng(0)
    # All in one dimension of 16.
    z1 = draw.normal(size=(256, 1)) * np.ones(16) + 1e-3 * draw.normal(size=(256, 16))
    z2 = z1 + 1e-3 * draw.normal(size=(256, 16))
    if kind == "tensor":
        z1, z2 = (torch.tensor(z, requires_grad=True) for z in (z1, z2))
    elif kind == "list":
        z1, z2 = z1.tolist(), z2.tolist()
    found = diptych.diagnose(z1, z2, temperature=0.2)
    assert len(found) >= 1
    assert any("collapse" in one.code for one in found), found
    first = found[0]
    assert first.code and first.title and first.severity
    assert first.details["code"] == first.code
    assert repr(found).count("\n") == len(found) - 1
    page = found._repr_html_()
    assert page.startswith("<table>") and first.code in page


def test_labels_reach_the_diagnosis():
    needs_training()
    draw = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 32)
    centres = draw.normal(size=(4, 16))
    z1, z2 = (centres[labels] + 0.1 * draw.normal(size=(128, 16)) for _ in range(2))
    found = diptych.diagnose(z1, z2, labels).report
    assert found != diptych.diagnose(z1, z2).report
    assert found == diptych.diagnose(z1, z2, labels.astype(np.int32)).report


def test_html_is_escaped():
    report = {"findings": [{"code": "<b>", "severity": "&", "title": '"<script>"'}]}
    page = diptych.Diagnosis(report)._repr_html_()
    assert "<script>" not in page and "<b>" not in page


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((np.zeros(3), np.zeros((3, 2))), "z1"),
        ((np.zeros((3, 2)), np.zeros((3, 2, 1))), "z2"),
        ((np.zeros((20, 2)), np.zeros((21, 2))), r"^z2: .*\[21, 2\], z1 has"),
        ((np.zeros((8, 2)), np.zeros((8, 2))), "^z1: has 8 pairs"),
        ((np.zeros((20, 2)), np.zeros((20, 2)), np.zeros(20)), "labels: must be integers"),
        ((np.eye(20), np.eye(20), np.zeros(7, int)), "labels"),
        ((np.zeros((20, 2)), np.zeros((20, 2)), None, -1.0), "temperature"),
        ((np.full((8, 2), "a"), np.zeros((8, 2))), "z1"),
    ],
)
def test_what_cannot_be_diagnosed_is_said(arguments, word):
    needs_training()
    with pytest.raises((diptych.ConfigurationError, diptych.DataError), match=word):
        diptych.diagnose(*arguments)


def test_without_torch_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_command.importlib.util, "find_spec", lambda name: None)
    said = _command.environment()["DIPTYCH_NO_TORCH"]
    assert "pip install 'diptych[train]'" in said
    monkeypatch.undo()
    pytest.importorskip("torch")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.13.1")
    said = _command.environment()["DIPTYCH_NO_TORCH"]
    assert "1.13.1" in said and _command.TORCH in said


def test_the_command_of_the_wheel(photos, tmp_path):
    assert diptych.__version__ in program("--version").stdout
    done = program("scan", photos)
    assert done.returncode == 0 and "3 classes" in done.stdout
    done = program("scan", tmp_path / "nowhere")
    assert done.returncode in (2, 3) and done.stderr.count("\n") == 1
