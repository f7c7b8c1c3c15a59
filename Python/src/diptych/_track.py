"""``diptych-track``: a run's metrics, settings and files in MLflow or Weights & Biases."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol


class Tracker(Protocol):
    """Where a run's numbers go."""

    def settings(self, text: str) -> None:
        """Takes the run's configuration, YAML text."""

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Takes numbers of a step."""

    def file(self, path: Path) -> None:
        """Takes a picture or weights."""

    def close(self) -> None:
        """Ends the run there."""


class MLflow:
    """A run on an MLflow server, or in a folder of MLflow's."""

    def __init__(self, uri: str, name: str) -> None:
        import mlflow

        self._mlflow = mlflow
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("diptych")
        mlflow.start_run(run_name=name)

    def settings(self, text: str) -> None:
        """Logs the configuration as a file and its settings as parameters."""
        self._mlflow.log_text(text, "config.yaml")
        parameters = {key: value[:500] for key, value in _flat(text)}
        for start in range(0, len(parameters), 100):
            self._mlflow.log_params(dict(list(parameters.items())[start : start + 100]))

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Logs numbers."""
        self._mlflow.log_metrics(values, step=step)

    def file(self, path: Path) -> None:
        """Logs an artifact."""
        self._mlflow.log_artifact(str(path))

    def close(self) -> None:
        """Ends the run."""
        self._mlflow.end_run()


class WandB:
    """A run in a project of Weights & Biases."""

    def __init__(self, project: str, name: str, offline: bool) -> None:
        import wandb

        self._wandb = wandb
        self._run = wandb.init(project=project, name=name, mode="offline" if offline else "online")

    def settings(self, text: str) -> None:
        """Logs the settings."""
        self._run.config.update(dict(_flat(text)))

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Logs numbers."""
        self._run.log(values, step=step)

    def file(self, path: Path) -> None:
        """Logs a picture, or weights as an artifact."""
        if path.suffix == ".png":
            self._run.log({path.stem: self._wandb.Image(str(path))})
        else:
            artifact = self._wandb.Artifact(f"{self._run.id}-{path.stem}", type="model")
            artifact.add_file(str(path))
            self._run.log_artifact(artifact)

    def close(self) -> None:
        """Ends the run."""
        self._run.finish()


def _flat(text: str) -> Iterator[tuple[str, str]]:
    """The settings of a configuration that Diptych wrote, by their paths."""
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith(("#", "- ")) or ":" not in line:
            continue
        depth = len(line) - len(line.lstrip())
        key, _, value = line.strip().partition(":")
        stack = [*((d, k) for d, k in stack if d < depth), (depth, key)]
        if value.strip():
            yield ".".join(k for _, k in stack), value.strip()


def records(run: Path, follow: bool, patience: float = 1.0) -> Iterator[dict[str, Any]]:
    """The lines of a run's ``metrics.jsonl``; with ``follow``, until the run ends."""
    path = run / "metrics.jsonl"
    rest = ""
    offset = 0
    while True:
        is_over = (run / "encoder.safetensors").exists()
        if path.exists():
            with open(path, encoding="utf-8") as file:
                file.seek(offset)
                rest += file.read()
                offset = file.tell()
            *lines, rest = rest.split("\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)
        if not follow or is_over:
            return
        time.sleep(patience)


def track(run: Path, tracker: Tracker, follow: bool) -> int:
    """Sends a run to a tracker; returns how many lines were sent."""
    configuration = run / "config.yaml"
    if configuration.exists():
        tracker.settings(configuration.read_text())
    sent = 0
    for record in records(run, follow):
        kind = record.get("kind")
        values = {
            key: float(value)
            for key, value in record.items()
            if isinstance(value, (int, float))
            and not isinstance(value, bool)
            and key not in ("step", "epoch")
        }
        if kind in ("step", "epoch") and values:
            tracker.metrics(values, int(record.get("step", 0)))
            sent += 1
    for name in ("views.png", "probe.json", "encoder.safetensors", "encoder.json"):
        if (run / name).exists():
            tracker.file(run / name)
    tracker.close()
    return sent


def main() -> None:
    """Reads the arguments and tracks."""
    parser = argparse.ArgumentParser(prog="diptych-track", description=__doc__)
    parser.add_argument("run", type=Path, help="the run folder")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--mlflow", metavar="URI", help="an MLflow server or folder")
    target.add_argument("--wandb", metavar="PROJECT", help="a Weights & Biases project")
    parser.add_argument(
        "--offline", action="store_true", help="with --wandb, writes a local folder"
    )
    parser.add_argument(
        "--follow", action="store_true", help="goes on while the run trains, until it ends"
    )
    options = parser.parse_args()
    if options.offline and not options.wandb:
        parser.error("--offline goes with --wandb")
    if not options.run.is_dir():
        print(f"diptych-track: {options.run}: there is no such run folder", file=sys.stderr)
        sys.exit(2)
    name = options.run.resolve().name
    try:
        tracker: Tracker = (
            MLflow(options.mlflow, name)
            if options.mlflow
            else WandB(options.wandb, name, options.offline)
        )
    except ImportError as error:
        print(f"diptych-track: {error.name} is missing; pip install {error.name}", file=sys.stderr)
        sys.exit(1)
    sent = track(options.run, tracker, options.follow)
    print(f"{options.run}: {sent} lines sent")
