"""The examples run: the notebook without a browser, the scripts as their first lines say."""

import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import write_png
from test_runs import needs_training

import diptych

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_notebook_runs_to_its_end(photos, tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    needs_training()
    (tmp_path / "photos").symlink_to(photos)
    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    png = base64.b64decode(outputs["show"][0].data["image/png"])
    # Four rows of an image and two views, with their margins.
    height, width, _ = diptych.decode(png).shape
    assert height > 4 * 32 and width > 3 * 32
    said = "".join(output.text for output in outputs["loop"])
    assert said.count("loss") == 5
    assert outputs["diagnose"][0].data["text/html"].startswith("<table>")
    assert not any(o.output_type == "error" for all in outputs.values() for o in all)


def test_plain_pytorch_trains(tmp_path):
    torch = pytest.importorskip("torch")
    try:
        pytest.importorskip("torchvision")
    except RuntimeError as error:
        pytest.skip(f"torchvision is of another build than torch: {error}")
    for index in range(64):
        pixels = np.full((20, 20, 3), index, np.uint8)
        write_png(tmp_path / f"photos/{index % 2}/{index}.png", pixels)
    done = subprocess.run(
        [sys.executable, EXAMPLES / "pytorch_simclr.py", tmp_path / "photos", "1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "loss" in done.stdout
    assert "layer1.0.conv1.weight" in torch.load(tmp_path / "encoder.pt")
