"""Times `diptych probe` and PyTorch with scikit-learn in turn on the same encoder and images, and writes RESULTS.md.

    python compare.py DATA --diptych ../../.build/release/diptych

DATA holds train/CLASS/* and test/CLASS/*, as datasets/cifar10/prepare makes it. Without --run, an encoder is trained for one epoch first.
Diptych's time is the whole command with its start, the linear probe and also the kNN; PyTorch's is that of the features and of the
regression (the whole program with its imports is given beside it), by the fastest of the settings tried in the first round.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Options of pytorch_probe.py; each is tried once, and the fastest goes on.
SETTINGS = {
    "channels last": [], "channels outermost": ["--plain-layout"], "channels last, 1 worker": ["--workers", "1"],
    "channels last, 1 thread": ["--threads", "1", "--workers", str(max(1, (os.cpu_count() or 2) - 1))],
}


def timed(command):
    """Runs a command; its stdout, wall seconds and processor seconds with its children's."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with status {done.returncode}")
    return done.stdout, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def diptych(arguments, run, work):
    report = work / "probe.json"
    _, seconds, processor = timed([arguments.diptych, "probe", run, arguments.data, "--output", report])
    linear = json.loads(report.read_text())["linear_probe"]
    return {"seconds": seconds, "processor": processor, "top1": linear["top1"], "iterations": linear["iterations"]}


def pytorch(arguments, run, options):
    out, seconds, processor = timed(
        [arguments.python, HERE / "pytorch_probe.py", arguments.data, run / "encoder.safetensors", *options])
    return json.loads(out.splitlines()[-1]) | {"whole": seconds, "processor": processor}


def model():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--diptych", type=Path, default=HERE.parent.parent / ".build/release/diptych")
    parser.add_argument("--python", default=sys.executable, help="with the packages of requirements.txt")
    parser.add_argument("--run", type=Path, help="a run of a ResNet-18 with the small stem")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--setting", choices=SETTINGS, help="PyTorch's, instead of trying all")
    parser.add_argument("--note", default="", help="a sentence about the machine for RESULTS.md")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        run = arguments.run
        if run is None:
            run = work / "run"
            timed([arguments.diptych, "train", arguments.data / "test", "--pipeline", HERE / "diptych.yaml", "--output", run,
                   "--set", f"encoder.resnet18.width={arguments.width}"])
        chosen = arguments.setting
        if chosen is None:
            tried = {name: pytorch(arguments, run, options)["seconds"] for name, options in SETTINGS.items()}
            print(tried, file=sys.stderr)
            chosen = min(tried, key=tried.get)
        ours, theirs = [], []
        for round in range(arguments.rounds):
            ours.append(diptych(arguments, run, work))
            theirs.append(pytorch(arguments, run, SETTINGS[chosen]))
            print(f"round {round + 1}: {ours[-1]} {theirs[-1]}", file=sys.stderr, flush=True)

    def middle(rows, key):
        return statistics.median(row[key] for row in rows)

    packages = ", ".join(f"{name} {version(name)}" for name in ["torch", "scikit-learn", "pillow"])
    lines = [
        "# The linear probe beside PyTorch and scikit-learn", "",
        f"Written by `compare.py` on {date.today()}: {model()}, {os.cpu_count()} cores, {packages} ({chosen}), {arguments.rounds} rounds in turn, medians. "
        f"{theirs[0]['images']:,} images of 32 pixels, ResNet-18 with the small stem. {arguments.note}".rstrip(), "",
        "| | seconds | processor seconds | top-1 % | steps of L-BFGS |", "| --- | --- | --- | --- | --- |",
        f"| Diptych, whole command with kNN | {middle(ours, 'seconds'):.1f} | {middle(ours, 'processor'):.1f} | {100 * middle(ours, 'top1'):.2f} | {middle(ours, 'iterations'):.0f} |",
        f"| PyTorch and scikit-learn, without imports | {middle(theirs, 'seconds'):.1f} | | {100 * middle(theirs, 'top1'):.2f} | {middle(theirs, 'iterations'):.0f} |",
        f"| of these, features | {middle(theirs, 'features'):.1f} | | | |", f"| of these, regression | {middle(theirs, 'regression'):.1f} | | | |",
        f"| the same, whole program | {middle(theirs, 'whole'):.1f} | {middle(theirs, 'processor'):.1f} | | |", "",
        f"Ratios round by round: {', '.join(format(b['seconds'] / a['seconds'], '.2f') for a, b in zip(ours, theirs))} in seconds; "
        f"{', '.join(format(b['processor'] / a['processor'], '.2f') for a, b in zip(ours, theirs))} in processor seconds of the whole program.", ""]
    arguments.output.write_text("\n".join(lines))
    print(arguments.output.read_text())


if __name__ == "__main__":
    main()
