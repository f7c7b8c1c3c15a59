import io
import json
import os
import tarfile

import numpy as np
import pytest

from diptych._pack import pack


def members(path):
    with tarfile.open(path) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}


def samples(paths):
    """Of each key its members by ending."""
    found = {}
    for path in paths:
        for name, data in members(path).items():
            key, ending = name.split(".", 1)
            if not key.startswith("__"):
                found.setdefault(key, {})[ending] = data
    return list(found.values())


def picture(seed, shape=(5, 7, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def pixels(data):
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(data)))


class Map:
    """A data set as PyTorch has it, without an end to its indices."""

    classes = ("cat", "dog")

    def __len__(self):
        return 25

    def __getitem__(self, index):
        return picture(index), index % 2


def test_what_has_a_length_is_shuffled_and_cut_into_shards(tmp_path):
    paths = pack(Map(), tmp_path / "out" / "%03d.tar", count=10)
    assert [os.path.basename(path) for path in paths] == ["000.tar", "001.tar", "002.tar"]
    assert members(paths[2])["__meta__/classes.txt"] == b"cat\ndog\n"
    found = samples(paths)
    assert len(found) == 25 and {item["cls"] for item in found} == {b"0", b"1"}
    originals = [picture(index).tobytes() for index in range(25)]
    order = [originals.index(pixels(item["png"]).tobytes()) for item in found]
    assert sorted(order) == list(range(25)) and order != sorted(order)
    assert all(int(item["cls"]) == index % 2 for item, index in zip(found, order))
    again = pack(Map(), tmp_path / "again-%d.tar", count=10)
    assert [members(path) for path in again] == [members(path) for path in paths]
    assert (tmp_path / "again-0.tar").read_bytes() == (tmp_path / "out" / "000.tar").read_bytes()
    assert pack(Map(), tmp_path / "size-%d.tar", size=12_000, seed=None)[3:]


def test_mappings_keep_all_that_is_known(tmp_path):
    def stream():
        facts = {"text": "A cat", "patient_id": 7, "split": "train"}
        yield {"image": picture(0), "labels": [0, 1], **facts}
        yield {"img": picture(1)[..., 0], "species": "dog", "weight": np.float32(0.5), "score": 2}

    paths = pack(stream(), tmp_path / "%d.tar", classes=["cat", "dog"], keys=None)
    first, second = samples(paths)
    assert first["txt"] == b"A cat" and "cls" not in first
    assert json.loads(first["json"]) == {"group": "7", "labels": ["cat", "dog"], "split": "train"}
    assert json.loads(second["json"]) == {"value": 2.0, "weight": 0.5}
    keys = {"image": "at", "label": "species"}
    named = pack([{"at": picture(2), "species": "dog"}], tmp_path / "n%d.tar", keys=keys)
    assert samples(named)[0]["cls"] == b"dog"


def test_images_of_every_kind(tmp_path):
    image = pytest.importorskip("PIL.Image")
    array = picture(3)
    file = io.BytesIO()
    image.fromarray(array).save(file, "JPEG")
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    kinds = [file.getvalue(), str(tmp_path / "a.jpg"), tmp_path / "a.jpg"]
    kinds += [image.fromarray(array), array / 255]
    kinds += [array.transpose(2, 0, 1), {"bytes": file.getvalue(), "path": "x"}]
    found = samples(pack(iter(kinds), tmp_path / "%d.tar"))
    assert [next(iter(item)) for item in found] == ["jpg", "jpg", "jpg", "png", "png", "png", "jpg"]
    assert all(item["jpg"] == file.getvalue() for item in found if "jpg" in item)
    assert all((pixels(item["png"]) == array).all() for item in found if "png" in item)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (b"text", "format of the image's bytes is unknown"),
        ({"label": 1}, "has no image; its keys are label"),
        (np.zeros((2, 2, 3), np.int32), "must be of 8 bits or floats"),
        (np.full((2, 2, 3), 2.0), "before they are normalised"),
        (np.zeros((2, 2, 5), np.uint8), "is [2, 2, 5]"),
        ((picture(0), object()), "a label must be"),
        ("absent.png", "absent.png"),
    ],
)
def test_what_makes_no_sense_is_named_and_leaves_nothing(tmp_path, sample, said):
    with pytest.raises(ValueError, match="sample 1: ") as raised:
        pack([picture(0), sample], tmp_path / "%d.tar", seed=None)
    assert said in str(raised.value)
    assert os.listdir(tmp_path) == []


def test_outputs(tmp_path):
    for output in ("shards.tar", "%s-%d.tar", "%q.tar"):
        with pytest.raises(ValueError, match="one format for the shard's number"):
            pack(Map(), tmp_path / output)
    pack(Map(), tmp_path / "%d.tar", count=5)
    with pytest.raises(FileExistsError):
        pack(Map(), tmp_path / "%d.tar")
    assert len(pack(Map(), tmp_path / "%d.tar", force=True)) == 1
    assert os.listdir(tmp_path) == ["0.tar"]


def test_hugging_face(tmp_path):
    datasets = pytest.importorskip("datasets")
    image = pytest.importorskip("PIL.Image")
    files = []
    for index in range(6):
        file = io.BytesIO()
        image.fromarray(picture(index)).save(file, "JPEG")
        files.append(file.getvalue())
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "caption": datasets.Value("string"),
        }
    )
    table = datasets.Dataset.from_dict(
        {
            "image": [{"bytes": file, "path": None} for file in files],
            "label": [0, 1] * 3,
            "caption": [f"caption {index}" for index in range(6)],
        },
        features=features,
    )
    table.to_parquet(str(tmp_path / "data.parquet"))
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "data.parquet"), cache_dir=str(tmp_path / "cache")
    )
    # By the split, and the only split alone.
    for dataset in (loaded, loaded["train"]):
        paths = pack(dataset, tmp_path / "%d.tar", force=True)
        found = samples(paths)
        assert members(paths[0])["__meta__/classes.txt"] == b"cat\ndog\n"
        assert sorted(item["jpg"] for item in found) == sorted(files)
        for item in found:
            index = files.index(item["jpg"])
            assert item["cls"] == str(index % 2).encode()
            assert item["txt"] == f"caption {index}".encode()
        assert ("json" in found[0]) == (dataset is loaded)


def test_torchvision(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets", exc_type=ImportError)
    transforms = pytest.importorskip("torchvision.transforms")
    image = pytest.importorskip("PIL.Image")
    for index in range(4):
        folder = tmp_path / "in" / ("cat", "dog")[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(picture(index)).save(folder / f"{index}.png")
    paths = pack(datasets.ImageFolder(tmp_path / "in"), tmp_path / "%d.tar")
    found = samples(paths)
    files = {path.read_bytes() for path in (tmp_path / "in").rglob("*.png")}
    assert {item["png"] for item in found} == files
    assert {item["cls"] for item in found} == {b"0", b"1"}
    turned = datasets.ImageFolder(tmp_path / "in", transform=transforms.ToTensor())
    again = samples(pack(turned, tmp_path / "t%d.tar"))
    originals = {picture(index).tobytes() for index in range(4)}
    assert {pixels(item["png"]).tobytes() for item in again} == originals
