"""`diptych-track` with a real MLflow server on this machine and W&B's offline mode."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

import diptych
from diptych import _track

CONFIGURATION = """views:
  background: white
  branches:
  - count: 2
    size: 16
    steps:
    - resized_crop:
        scale: [0.2, 1.0]
    - horizontal_flip
    - grayscale:
        p: 0.2
  - count: 4
    size: 8
training:
  epochs: 3
  optimizer:
    sgd:
      lr: 0.06
"""


SETTINGS = {
    "views.background": "white",
    "views.branches.0.count": 2,
    "views.branches.0.size": 16,
    "views.branches.0.steps.0.resized_crop.scale": [0.2, 1.0],
    "views.branches.0.steps.1": "horizontal_flip",
    "views.branches.0.steps.2.grayscale.p": 0.2,
    "views.branches.1.count": 4,
    "views.branches.1.size": 8,
    "training.epochs": 3,
    "training.optimizer.sgd.lr": 0.06,
}


def test_settings_have_paths_of_their_own():
    pytest.importorskip("yaml")
    assert _track._flat(CONFIGURATION) == SETTINGS


def lines_of(epoch):
    steps = [
        {"kind": "step", "epoch": epoch, "step": step, "train_loss": 10.0 - step, "lr": 0.1}
        for step in (2 * epoch - 1, 2 * epoch)
    ]
    mean = {
        "kind": "epoch",
        "epoch": epoch,
        "step": 2 * epoch,
        "train_loss": 5.0 - epoch,
        "mi_bound": None,
        "skipped": 0,
        "uniformity": "NaN" if epoch == 1 else -1.5,
    }
    return [
        *steps,
        mean,
        {"kind": "diagnosis", "epoch": epoch, "step": 2 * epoch, "findings": ["x"]},
    ]


def append(run, lines):
    with open(run / "metrics.jsonl", "a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def end(run):
    (run / "encoder.safetensors").write_bytes(b"weights")
    (run / "encoder.json").write_text("{}")


def begin(folder, photos):
    folder.mkdir()
    (folder / "config.yaml").write_text(CONFIGURATION)
    shutil.copy(photos / "cat/0.png", folder / "views.png")
    return folder


@pytest.fixture
def run(tmp_path, photos):
    """A run that has ended, with three epochs of two steps."""
    folder = begin(tmp_path / "my run", photos)
    for epoch in (1, 2, 3):
        append(folder, lines_of(epoch))
    end(folder)
    return folder


def track(*words, **variables):
    return subprocess.Popen(
        [Path(sys.executable).with_name("diptych-track"), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an MLflow server with a database of its own."""
    pytest.importorskip("mlflow")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = open(folder / "log", "w")  # noqa: SIM115
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{folder}/runs.db"),
            *("--artifacts-destination", str(folder / "files")),
        ],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.5)
    else:
        pytest.fail((folder / "log").read_text())
    yield address
    os.killpg(process.pid, 15)
    process.wait(30)
    log.close()


def newest(address):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("diptych")
    return client, client.search_runs([experiment.experiment_id], max_results=1)[0]


def history(client, found, key):
    return [(m.step, m.value) for m in client.get_metric_history(found.info.run_id, key)]


def test_a_run_that_ended_is_whole_in_mlflow(run, server):
    process = track(run, "--mlflow", server)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert said.splitlines()[-1] == f"{run}: 9 records sent"
    client, found = newest(server)
    assert found.info.run_name == "my run"
    assert found.info.status == "FINISHED"
    assert found.data.params == {key: str(value) for key, value in SETTINGS.items()}
    assert history(client, found, "train_loss") == [(2, 4.0), (4, 3.0), (6, 2.0)]
    steps = [(step, 10.0 - step) for step in range(1, 7)]
    assert history(client, found, "step/train_loss") == steps
    assert [step for step, _ in history(client, found, "uniformity")][-2:] == [4, 6]
    files = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert files == {"config.yaml", "views.png", "encoder.safetensors", "encoder.json"}


def test_a_run_is_followed_while_it_trains(tmp_path, photos, server):
    folder = begin(tmp_path / "live", photos)
    append(folder, lines_of(1))
    process = track(folder, "--mlflow", server, "--follow")
    client = found = None
    for _ in range(240):
        time.sleep(0.5)
        try:
            client, found = newest(server)
        except AttributeError:
            continue
        if found.info.run_name == "live" and history(client, found, "train_loss"):
            break
    # What is there arrives before the run has ended.
    assert process.poll() is None
    assert history(client, found, "train_loss") == [(2, 4.0)]
    text = "".join(json.dumps(line) + "\n" for line in lines_of(2))
    with open(folder / "metrics.jsonl", "a") as file:
        # A line may be half written when it is read.
        file.write(text[:50])
        file.flush()
        time.sleep(1.5)
        file.write(text[50:])
    end(folder)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert said.splitlines()[-1].endswith("6 records sent")
    assert history(client, found, "train_loss") == [(2, 4.0), (4, 3.0)]


def test_no_server_is_one_line(run):
    pytest.importorskip("mlflow")
    process = track(run, "--mlflow", "http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("diptych-track: ")
    assert "Traceback" not in errors


def wandb_records(path):
    """The records of an offline run: blocks of 32 KiB as in LevelDB's log, after 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    data = path.read_bytes()
    offset, part = 7, b""
    while offset + 7 <= len(data):
        left = 32768 - offset % 32768
        if left < 7:
            offset += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, offset)
        part += data[offset + 7 : offset + 7 + length]
        offset += 7 + length
        # Whole, or the last of several.
        if kind in (1, 4):
            record = Record()
            record.ParseFromString(part)
            yield record
            part = b""


def test_a_run_goes_to_wandb_offline(run, tmp_path):
    pytest.importorskip("wandb")
    process = track(
        run, "--wandb", "mine", "--offline", WANDB_DIR=str(tmp_path), WANDB_MODE="offline"
    )
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert said.splitlines()[-1].endswith("9 records sent")
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    records = list(wandb_records(file))
    losses, names = {}, set()
    for record in records:
        if record.WhichOneof("record_type") == "history":
            items = {
                "/".join(item.nested_key) or item.key: json.loads(item.value_json)
                for item in record.history.item
            }
            if "train_loss" in items:
                losses[items.get("_step", record.history.step.num)] = items["train_loss"]
            names |= set(items)
    assert losses == {2: 4.0, 4: 3.0, 6: 2.0}
    assert {"step/train_loss", "step/lr"} <= names
    assert any(name.split("/")[0] == "views" for name in names), names
    runs = [record.run for record in records if record.WhichOneof("record_type") == "run"]
    assert (runs[0].project, runs[0].display_name) == ("mine", "my run")
    settings = {
        item.key or "/".join(item.nested_key): item.value_json
        for record in records
        for item in (*record.run.config.update, *record.config.update)
    }
    assert {key: json.loads(settings[key]) for key in SETTINGS} == SETTINGS
    kinds = {record.artifact.name for record in records if record.artifact.name}
    assert any(name.endswith("-encoder") for name in kinds), kinds


def test_a_resumed_run_is_sent_once(tmp_path, photos):
    folder = begin(tmp_path / "resumed", photos)
    append(folder, lines_of(1))
    end(folder)
    append(folder, lines_of(2))
    os.utime(folder / "encoder.json", (1, 1))
    found = []

    def follow():
        found.extend(_track.records(folder, follow=True, patience=0.05))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    time.sleep(0.5)
    # The run resumes after its first epoch: lines are dropped, then written again.
    (folder / "metrics.jsonl").unlink()
    append(folder, lines_of(1))
    time.sleep(0.5)
    append(folder, lines_of(2))
    append(folder, lines_of(3))
    end(folder)
    thread.join(20)
    assert [(r["kind"], r["step"]) for r in found] == [
        (r["kind"], r["step"]) for epoch in (1, 2, 3) for r in lines_of(epoch)
    ]


@pytest.mark.parametrize("line", ["nothing", "[1]", "3", '{"kind":', "\xff"])
def test_a_line_that_is_no_record_is_named(run, line):
    (run / "metrics.jsonl").write_bytes(b'{"kind": "x"}\n' + line.encode("latin-1") + b"\n")
    with pytest.raises(diptych.DataError, match="line 2"):
        list(_track.records(run, follow=False))


def test_no_such_run_and_offline_alone_are_refused(tmp_path):
    process = track(tmp_path / "nowhere", "--mlflow", "sqlite:///x")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and errors.count("\n") == 1
    process = track(tmp_path, "--offline", "--mlflow", "sqlite:///x")
    process.communicate(timeout=60)
    assert process.returncode == 2
