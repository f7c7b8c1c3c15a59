"""``diptych-track``: a run's metrics, settings and files in MLflow or Weights & Biases."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ._native import DataError


class Tracker(Protocol):
    """The target of a run's metrics."""

    def settings(self, text: str) -> None:
        """Logs the run's configuration, YAML text."""

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Logs the metrics of a step."""

    def file(self, path: Path) -> None:
        """Logs a picture or weights."""

    def close(self, failed: bool) -> None:
        """Ends the tracked run."""


class MLflow:
    """A run on an MLflow server, or in an MLflow folder."""

    def __init__(self, uri: str, name: str) -> None:
        # Without this, a missing server is reported only after minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        import mlflow

        self._mlflow = mlflow
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("diptych")
        mlflow.start_run(run_name=name)

    def settings(self, text: str) -> None:
        """Logs the configuration as a file and its settings as parameters."""
        self._mlflow.log_text(text, "config.yaml")
        parameters = {key: str(value)[:500] for key, value in _flat(text).items()}
        for start in range(0, len(parameters), 100):
            self._mlflow.log_params(dict(list(parameters.items())[start : start + 100]))

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Logs numbers."""
        self._mlflow.log_metrics(values, step=step)

    def file(self, path: Path) -> None:
        """Logs an artifact."""
        self._mlflow.log_artifact(str(path))

    def close(self, failed: bool) -> None:
        """Ends the run."""
        self._mlflow.end_run("FAILED" if failed else "FINISHED")


class WandB:
    """A run in a project of Weights & Biases."""

    def __init__(self, project: str, name: str, offline: bool) -> None:
        import wandb

        self._wandb = wandb
        self._run = wandb.init(project=project, name=name, mode="offline" if offline else "online")

    def settings(self, text: str) -> None:
        """Logs the settings."""
        self._run.config.update(_flat(text))

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

    def close(self, failed: bool) -> None:
        """Ends the run."""
        self._run.finish(exit_code=int(failed))


def _flat(text: str) -> dict[str, Any]:
    """The settings of a configuration by their paths, as in ``views.branches.0.steps.1.blur.p``.

    A list of numbers or words is one setting.
    """
    import yaml  # MLflow and W&B also need it.

    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            value = dict(enumerate(value))
        if not isinstance(value, dict) or not value:
            found[path] = value
            return
        for key, item in value.items():
            walk(item, f"{path}.{key}" if path else str(key))

    walk(yaml.safe_load(text), "")
    return found


def _ended(run: Path) -> bool:
    """Whether the run wrote its encoder after its last metrics: it ended, or was stopped."""
    try:
        encoder = (run / "encoder.json").stat().st_mtime_ns
        return encoder >= (run / "metrics.jsonl").stat().st_mtime_ns
    except OSError:
        return False


def records(run: Path, follow: bool, patience: float = 1.0) -> Iterator[dict[str, Any]]:
    """The lines of a run's ``metrics.jsonl``; with ``follow``, until the run ends.

    A resumed run removes lines and writes them again; each is yielded once.

    Raises:
        DataError: a line is not a JSON object.
    """
    path = run / "metrics.jsonl"
    rest = b""
    offset = number = 0
    given: set[tuple[Any, Any]] = set()
    while True:
        is_over = _ended(run)
        if path.exists():
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size < offset:
                    offset, number, rest = 0, 0, b""
                file.seek(offset)
                rest += file.read()
                offset = file.tell()
            *lines, rest = rest.split(b"\n")
            for line in lines:
                number += 1
                try:
                    record = json.loads(line)
                    key = record.get("kind"), record.get("step")
                except (ValueError, AttributeError):
                    raise DataError(f"{path}: line {number}: is not a JSON object") from None
                if key not in given:
                    given.add(key)
                    yield record
        if not follow or is_over:
            return
        time.sleep(patience)


def _numbers(record: dict[str, Any]) -> dict[str, float]:
    """A record's numbers: an epoch's under TensorBoard's tags, a step's as ``step/NAME``."""
    prefix = "step/" if record.get("kind") == "step" else ""
    values = {}
    for key, value in record.items():
        # JSON has no number for these.
        if value in ("NaN", "Infinity", "-Infinity"):
            value = float(value)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and key not in ("step", "epoch"):
            values[prefix + key] = float(value)
    return values


def track(run: Path, tracker: Tracker, follow: bool) -> int:
    """Sends a run to a tracker; returns how many records were sent."""
    configuration = run / "config.yaml"
    if configuration.exists():
        tracker.settings(configuration.read_text("utf-8"))
    sent = 0
    for record in records(run, follow):
        values = _numbers(record)
        if record.get("kind") in ("step", "epoch") and values:
            tracker.metrics(values, int(record.get("step", 0)))
            sent += 1
    for name in ("views.png", "probe.json", "encoder.safetensors", "encoder.json"):
        if (run / name).exists():
            tracker.file(run / name)
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
        "--follow", action="store_true", help="continues while the run trains, until it ends"
    )
    options = parser.parse_args()
    if options.offline and not options.wandb:
        parser.error("--offline requires --wandb")
    if not options.run.is_dir():
        print(f"diptych-track: {options.run}: there is no such run folder", file=sys.stderr)
        sys.exit(2)
    name = options.run.resolve().name
    tracker: Tracker | None = None
    try:
        if options.mlflow:
            tracker = MLflow(options.mlflow, name)
        else:
            tracker = WandB(options.wandb, name, options.offline)
        sent = track(options.run, tracker, options.follow)
        tracker.close(failed=False)
    except ImportError as error:
        print(f"diptych-track: {error.name} is missing; pip install {error.name}", file=sys.stderr)
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as error:
        if tracker:
            with contextlib.suppress(Exception):
                tracker.close(failed=True)
        if isinstance(error, KeyboardInterrupt):
            sys.exit(130)
        words = " ".join(str(error).split()) or type(error).__name__
        print(f"diptych-track: {words}", file=sys.stderr)
        sys.exit(3 if isinstance(error, DataError) else 1)
    print(f"{options.run}: {sent} records sent")


if __name__ == "__main__":
    main()
