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


def diptych(arguments, images, pipeline, *settings):
    command = [arguments.diptych, "bench", images, "--pipeline", pipeline, "--seconds", arguments.seconds, "--threads", arguments.threads, "--json"]
    for setting in settings:
        command += ["--set", setting]
    return run(command)


def peer(arguments, name, images, size):
    return run([
        sys.executable, HERE / "peers.py", name, images, "--size", size, "--seconds", arguments.seconds, "--threads", arguments.threads])


def task(arguments, title, images, size, variants):
    """One table: all programs in turn, `arguments.rounds` times."""
    rates, notes, versions = {}, {}, {}
    for _ in range(arguments.rounds):
        for name, (pipeline, settings) in variants.items():
            report, reason = diptych(arguments, images, pipeline, *settings)
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
    if arguments.small:
        small = HERE / "simclr-32.yaml"
        tables.append(task(arguments, "32 pixels from small files", arguments.small, 32, {
            "Diptych": (small, []), "Diptych, cache: memory": (small, ["views.cache=memory"])}))
    if not tables:
        print("compare: give --photographs, --small or both", file=sys.stderr)
        return 2
    head = [
        "# View pairs beside other libraries", "",
        f"Written by `views/compare.py` on {time.strftime('%Y-%m-%d')}: {machine()}, {arguments.threads} threads or processes each, "
        f"{arguments.rounds} rounds in turn, medians; files in the page cache. SimCLR's policy (see `views/peers.py`). FFCV is not compared.", ""]
    arguments.output.write_text("\n".join(head) + "\n" + "\n\n".join(tables) + "\n")
    print(arguments.output.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
