"""`diptych bench` beside torchvision, Albumentations and DALI on the same image files, in turn; writes ../RESULTS.md.

    python compare.py --photographs IMAGENET_FILES --small CIFAR_FILES [--diptych ../../.build/release/diptych]

Every program gets the same policy and the same number of threads; each round runs all of them, and medians over rounds count. What is not
installed is skipped and named.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {"torchvision": "torchvision + PIL", "albumentations": "Albumentations", "dali": "DALI (CPU)"}


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {len(os.sched_getaffinity(0))} cores"
    return platform.machine()


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return None, reason
    return json.loads(done.stdout[done.stdout.index("{"):]), None


def diptych(arguments, images, pipeline, settings):
    command = [arguments.diptych, "bench", images, "--pipeline", pipeline, "--seconds", arguments.seconds, "--threads", arguments.threads, "--json"]
    for setting in settings:
        command += ["--set", setting]
    return run(command)


def peer(arguments, name, images, size):
    return run([
        sys.executable, HERE / "peers.py", name, images, "--size", size, "--seconds", arguments.seconds, "--threads", arguments.threads])


def pack(arguments, images, folder):
    """Shards of `images` in `folder`; their pattern."""
    done = subprocess.run(
        [str(arguments.diptych), "pack", str(images), "--output", f"{folder}/%06d.tar", "--force"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"compare: diptych pack failed: {done.stderr.strip()}")
    return folder


def own(arguments):
    """What more views and more threads cost, of Diptych alone: images a second and processor time an image."""
    large, multicrop = HERE / "simclr-224.yaml", HERE / "multicrop.yaml"
    every = arguments.threads
    variants = {
        f"1 view of 224, {every} threads": (large, every, ["views.branches[0].count=1"]),
        f"2 views of 224, {every} threads": (large, every, []),
        "2 views of 224, 1 thread": (large, 1, []),
        f"3 views of 224, {every} threads": (large, every, ["views.branches[0].count=3"]),
        f"2 of 224 and 6 of 96, {every} threads": (multicrop, every, []),
    }
    rates, costs = {}, {}
    for _ in range(arguments.rounds):
        for name, (pipeline, threads, settings) in variants.items():
            command = [arguments.diptych, "bench", arguments.photographs, "--pipeline", pipeline, "--seconds", arguments.seconds, "--threads", threads, "--json"]
            for setting in settings:
                command += ["--set", setting]
            report, reason = run(command)
            if report is None:
                raise SystemExit(f"compare: diptych bench failed: {reason}")
            rates.setdefault(name, []).append(report["images_per_second"])
            costs.setdefault(name, []).append(report["processor_microseconds"])
    rates = {name: statistics.median(values) for name, values in rates.items()}
    costs = {name: statistics.median(values) for name, values in costs.items()}
    lines = ["## What views and threads cost, photographs", "", "| | images/s | processor time an image |", "| --- | --- | --- |"]
    lines += [f"| {name} | {rates[name]:,.0f} | {costs[name]:,.0f} us |" for name in variants]
    one, two, single, three, crops = variants
    lines += ["", (
        f"The third view of 224 costs {costs[three] - costs[two]:,.0f} us; each of the six of 96 costs {(costs[crops] - costs[two]) / 6:,.0f} us. "
        f"{every} threads are {rates[two] / rates[single]:.2f} times one.")]
    return "\n".join(lines)


def task(arguments, title, images, size, variants):
    """One table: all programs in turn, `arguments.rounds` times."""
    rates, notes, versions = {}, {}, {}
    for _ in range(arguments.rounds):
        for name, (pipeline, settings, *shards) in variants.items():
            report, reason = diptych(arguments, shards[0] if shards else images, pipeline, settings)
            if report is None:
                raise SystemExit(f"compare: diptych bench failed: {reason}")
            rates.setdefault(name, []).append(report["pairs_per_second"])
            rates.setdefault("libjpeg-turbo, whole decodes only", []).append(report["decodes_per_second"])
        for name, label in PEERS.items():
            if label in notes:
                continue
            report, reason = peer(arguments, name, images, size)
            if report is None:
                notes[label] = f"skipped: {reason}"
                print(f"compare: {label} skipped: {reason}", file=sys.stderr)
            else:
                rates.setdefault(label, []).append(report["pairs_per_second"])
                versions[label] = report["version"]
    medians = {name: statistics.median(values) for name, values in rates.items()}
    fastest = max((medians[label] for label in versions), default=None)
    lines = [f"## {title}", "", "| | pairs/s | of the fastest peer |", "| --- | --- | --- |"]
    for name, median in medians.items():
        share = f"{median / fastest:.2f}" if fastest and not name.startswith("libjpeg") else ""
        label = f"{name} {versions[name]}" if name in versions else name
        lines.append(f"| {label} | {median:,.0f} | {share} |")
    lines += [f"| {label} | {note} | |" for label, note in notes.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="folder of JPEG photographs, as of ImageNet")
    parser.add_argument("--small", type=Path, help="folder of JPEG files of 32 by 32 pixels, as of CIFAR-10")
    parser.add_argument("--diptych", type=Path, default=ROOT / ".build/release/diptych")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/RESULTS.md")
    arguments = parser.parse_args()
    tables = []
    if arguments.photographs:
        large = HERE / "simclr-224.yaml"
        tables.append(task(arguments, "224 pixels from photographs", arguments.photographs, 224, {"Diptych": (large, [])}))
        tables.append(own(arguments))
    if arguments.small:
        small = HERE / "simclr-32.yaml"
        with tempfile.TemporaryDirectory() as folder:
            shards = pack(arguments, arguments.small, folder)
            tables.append(task(arguments, "32 pixels from small files", arguments.small, 32, {
                "Diptych": (small, []), "Diptych, packed shards": (small, [], shards),
                "Diptych, cache: memory": (small, ["views.cache=memory"])}))
    if not tables:
        print("compare: give --photographs, --small or both", file=sys.stderr)
        return 2
    head = [
        "# View pairs beside other libraries", "",
        f"Written by `views/compare.py` on {time.strftime('%Y-%m-%d')}: {machine()}, {arguments.threads} threads or processes each, "
        f"{arguments.rounds} rounds in turn, medians; files in the page cache. SimCLR's policy (see `views/peers.py`). FFCV is not "
        "compared: PyPI has its sources only, which want OpenCV's headers, and it has no hue, gray scale or blur.", ""]
    arguments.output.write_text("\n".join(head) + "\n" + "\n\n".join(tables) + "\n")
    print(arguments.output.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
