"""Runs the PyTorch program and Diptych in turn on the same CIFAR-10 subset, seed by seed, and writes the table of both.

    python compare.py DATA --diptych ../../.build/release/diptych

DATA is what datasets/cifar10/prepare made. Finished runs are kept under --work and not repeated, so an interrupted comparison goes on
where it stopped; --fresh SIDE forgets them. See README.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Where Diptych's figures lie: dotted paths in the file that `probe --output` writes, and keys of RUN/metrics.jsonl's lines.
PROBE_KEYS = {"probe_top1": "linear_probe.top1", "knn_top1": "knn.top1", "C": "linear_probe.C", "knn_k": "knn.k", "knn_temperature": "knn.temperature"}
METRIC_KEYS = {"train_loss": "train_loss", "pairs_per_second": "images_per_second", "epoch": "epoch"}

SCORES = [("probe_top1", "linear probe, top-1 %", 100, 2), ("knn_top1", "kNN, top-1 %", 100, 2),
          ("pairs_per_second", "training, pairs/s", 1, 0), ("train_loss", "loss, last epoch, nats", 1, 4), ("seconds", "whole run, s", 1, 0)]


class Failed(Exception):
    """A run cannot be used; the message says why."""


def subset(data, folder, per_class):
    """DATA with the first `per_class` training images of each class in name order, as links, so that both sides read the same files."""
    for split in ["train", "test"]:
        if not (data / split).is_dir():
            raise Failed(f"{data} has no folder {split}; make it with datasets/cifar10/prepare")
    if folder.is_dir():
        shutil.rmtree(folder)
    for source in sorted(path for path in (data / "train").iterdir() if path.is_dir()):
        target = folder / "train" / source.name
        target.mkdir(parents=True)
        for path in sorted(source.iterdir())[:per_class]:
            (target / path.name).symlink_to(path.resolve())
    (folder / "test").symlink_to((data / "test").resolve(), target_is_directory=True)
    return folder


def run(command, log):
    """Runs a command with its stderr in `log`; returns its stdout and seconds."""
    print("+", " ".join(map(str, command)), file=sys.stderr, flush=True)
    began = time.perf_counter()
    with open(log, "a") as errors:
        try:
            done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT)
        except OSError as error:
            raise Failed(f"cannot run {command[0]}: {error.strerror}") from None
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with status {done.returncode}; see {log}")
    return done.stdout, time.perf_counter() - began


def at(content, path, file):
    value = content
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            known = ", ".join(value) if isinstance(value, dict) else type(value).__name__
            raise Failed(f"{file} has no {path} (at {name}: {known}); adjust PROBE_KEYS or METRIC_KEYS in compare.py")
        value = value[name]
    return value


def pytorch(arguments, images, seed, work):
    command = [arguments.python, HERE / "pytorch_simclr.py", images, "--seed", seed, "--epochs", arguments.epochs, "--per-class", arguments.per_class,
               "--method", arguments.method, "--width", arguments.width]
    if arguments.workers is not None:
        command += ["--workers", arguments.workers]
    output, seconds = run(command, work / f"pytorch-{seed}.log")
    return json.loads(output.splitlines()[-1]) | {"seconds": seconds}


def diptych(arguments, images, seed, work):
    folder = work / f"diptych-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    log = work / f"diptych-{seed}.log"
    scores = work / f"diptych-{seed}-probe.json"
    train = [arguments.diptych, "train", images, "--pipeline", arguments.pipeline, "--seed", seed, "--epochs", arguments.epochs,
             "--set", f"encoder.resnet18.width={arguments.width}", "--output", folder]
    _, training = run(train, log)
    _, probing = run([arguments.diptych, "probe", folder, images, "--output", scores], log)
    content = json.loads(scores.read_text())
    result = {name: at(content, path, scores.name) for name, path in PROBE_KEYS.items()}
    metrics = folder / "metrics.jsonl"
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    steps = [line for line in lines if all(key in line for key in METRIC_KEYS.values())]
    if not steps:
        raise Failed(f"{metrics} has no line with {', '.join(METRIC_KEYS.values())}; adjust METRIC_KEYS in compare.py")
    epochs = {}
    for line in steps:
        epochs.setdefault(line[METRIC_KEYS["epoch"]], []).append(line)
    ordered = [epochs[key] for key in sorted(epochs)]
    # As in the PyTorch program: the median epoch without the first, and the last epoch's mean loss.
    speed = [statistics.fmean(line[METRIC_KEYS["pairs_per_second"]] for line in lines) for lines in ordered]
    result["pairs_per_second"] = statistics.median(speed[1:] or speed)
    result["train_loss"] = statistics.fmean(line[METRIC_KEYS["train_loss"]] for line in ordered[-1])
    return result | {"seed": seed, "seconds": training + probing}


def machine():
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def table(results, seeds, arguments):
    sides = [(side, [results[side, seed] for seed in seeds if (side, seed) in results]) for side in ["pytorch", "diptych"]]
    peers = sorted({", ".join(f"{name} {number}" for name, number in row["versions"].items()) for row in sides[0][1]})
    lines = [
        f"# CIFAR-10 subset: results{'' if arguments.method == 'simclr' else ', MoCo'}", "",
        f"Written by `compare.py` on {time.strftime('%Y-%m-%d')}: {machine()}; width {arguments.width}, {arguments.epochs} epochs, seeds {', '.join(map(str, seeds))}, the two programs in turn. "
        + "".join(f"{peer}. " for peer in peers).rstrip(), "",
        "| | " + " | ".join(f"{side} seed {result['seed']}" for side, rows in sides for result in rows) + " | " + " | ".join(f"{side} mean ± sd" for side, rows in sides if rows) + " |",
        "| --- " * (1 + sum(len(rows) + bool(rows) for _, rows in sides)) + "|",
    ]
    for key, title, scale, digits in SCORES:
        cells = [f"{scale * result[key]:.{digits}f}" for _, rows in sides for result in rows]
        for _, rows in sides:
            values = [scale * result[key] for result in rows]
            if values:
                spread = statistics.stdev(values) if len(values) > 1 else 0
                cells.append(f"{statistics.fmean(values):.{digits}f} ± {spread:.{digits}f}")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    protocols = {side: sorted({f"C {r['C']:g}, k {r['knn_k']}, T {r['knn_temperature']:g}" for r in rows}) for side, rows in sides if rows}
    lines += ["", "Protocol of the scores: " + "; ".join(f"{side}: {', '.join(found)}" for side, found in protocols.items()) + "."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder with train/CLASS and test/CLASS")
    parser.add_argument("--diptych", type=Path, default=ROOT / ".build/release/diptych")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has PyTorch (default: this one)")
    parser.add_argument("--method", choices=["simclr", "moco"], default="simclr")
    parser.add_argument("--pipeline", type=Path, help="default: diptych.yaml, or diptych-moco.yaml for MoCo")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--per-class", type=int, default=500)
    parser.add_argument("--workers", type=int, default=None, help="DataLoader processes of the PyTorch program")
    parser.add_argument("--only", choices=["pytorch", "diptych"], help="run one side; the table shows what has been run")
    parser.add_argument("--work", type=Path, help="default: runs/cifar10-subset[-moco]; run folders, logs and results.jsonl")
    parser.add_argument("--fresh", choices=["pytorch", "diptych", "both"], help="forget the results of earlier runs of that side")
    parser.add_argument("--output", type=Path, help="default: RESULTS.md, or RESULTS-moco.md")
    arguments = parser.parse_args()
    suffix = "" if arguments.method == "simclr" else f"-{arguments.method}"
    arguments.pipeline = arguments.pipeline or HERE / f"diptych{suffix}.yaml"
    arguments.output = arguments.output or HERE / f"RESULTS{suffix}.md"
    arguments.work = arguments.work or ROOT / f"runs/cifar10-subset{suffix}"
    for name in ["work", "diptych", "pipeline", "output"]:
        setattr(arguments, name, getattr(arguments, name).absolute())
    try:
        work = arguments.work
        work.mkdir(parents=True, exist_ok=True)
        kept = work / "results.jsonl"
        if arguments.fresh and kept.exists():
            lines = kept.read_text().splitlines(keepends=True)
            kept.write_text("".join(line for line in lines if arguments.fresh not in ("both", json.loads(line)["side"])))
        setting = {"epochs": arguments.epochs, "per_class": arguments.per_class, "width": arguments.width}
        results = {}
        for line in kept.read_text().splitlines() if kept.exists() else []:
            entry = json.loads(line)
            if entry["setting"] == setting:
                results[entry["side"], entry["seed"]] = entry["result"]
        images = subset(arguments.data, work / "images", arguments.per_class)
        for seed in arguments.seeds:
            for side, program in [("pytorch", pytorch), ("diptych", diptych)]:
                if (side, seed) in results or arguments.only not in (None, side):
                    continue
                result = program(arguments, images, seed, work)
                results[side, seed] = result
                with open(kept, "a") as log:
                    log.write(json.dumps({"side": side, "seed": seed, "setting": setting, "result": result}) + "\n")
                print(f"{side} seed {seed}: " + ", ".join(f"{key} {result[key]:.4g}" for key, *_ in SCORES), file=sys.stderr, flush=True)
        text = table(results, arguments.seeds, arguments)
    except Failed as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    arguments.output.write_text(text)
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
