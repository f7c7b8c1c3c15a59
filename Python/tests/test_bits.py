"""Batches are those of ``diptych views``, bit for bit, with any number of threads."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import diptych

STEPS = [
    {"resized_crop": {"scale": [0.2, 1.0]}},
    "horizontal_flip",
    {"color_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}},
    {"grayscale": {"p": 0.2}},
    {"gaussian_blur": {"kernel_size": 5, "sigma": [0.1, 2.0], "p": 0.5}},
]
PIPELINE = {
    "views": {
        "branches": [
            {"count": 2, "size": 24, "steps": STEPS},
            {"count": 1, "size": 24, "steps": [*STEPS, {"solarize": {"p": 0.5}}]},
        ]
    }
}
SEED = 11


@pytest.fixture(scope="module")
def native(photos, tmp_path_factory):
    """What the command makes of all photos, ``[images, views, 3, H, W]``, and the pipeline."""
    folder = tmp_path_factory.mktemp("native")
    pipeline = folder / "pipeline.yaml"
    pipeline.write_text(json.dumps(PIPELINE))
    output = folder / "views.npy"
    words = ["views", photos, "--pipeline", pipeline, "--count", 42, "--seed", SEED]
    program = Path(sys.executable).with_name("diptych")
    subprocess.run([program, *map(str, words), "--output", output], check=True, timeout=60)
    return pipeline, np.load(output)


def drawn(photos, pipeline, **options):
    """The views of all photos by their index, and of each branch in order."""
    own = diptych.Loader(photos, pipeline, seed=SEED, batch_size=5, drop_last=False, **options)
    found = {}
    for batch in own:
        for row, index in enumerate(batch.index):
            found[int(index)] = np.concatenate([views[:, row] for views in batch.views])
    assert sorted(found) == list(range(42))
    return np.stack([found[index] for index in range(42)])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_floats_are_those_of_the_command(photos, native, threads, shuffle):
    pipeline, expected = native
    found = drawn(photos, pipeline, threads=threads, shuffle=shuffle)
    assert found.dtype == expected.dtype == np.float32
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_bytes_are_those_that_the_command_normalised(photos, native, threads):
    pipeline, expected = native
    found = drawn(photos, pipeline, threads=threads, dtype="uint8")
    mean, std = diptych.Pipeline(pipeline).normalization
    plain = 255 * (expected * std[:, None, None] + mean[:, None, None])
    # Every byte is the whole number that the command's float was made from.
    assert np.abs(plain - np.rint(plain)).max() < 1e-3
    assert np.array_equal(found.transpose(0, 1, 4, 2, 3), np.rint(plain).astype(np.uint8))
    assert found.tobytes() == drawn(photos, pipeline, threads=1, dtype="uint8").tobytes()


def test_a_picture_by_itself_has_the_same_views(photos, native):
    pipeline, expected = native
    source = diptych.Source(photos)
    found = diptych.views(photos / source.path(0), pipeline, seed=SEED)
    assert np.concatenate([views[0] for views in found]).tobytes() == expected[0].tobytes()
