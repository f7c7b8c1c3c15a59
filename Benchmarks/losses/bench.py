"""NT-Xent with its gradient: `bench-loss` beside the plain formula in PyTorch and lightly's NTXentLoss; writes RESULTS.md.

    python bench.py [--program .build/release/bench-loss] [--pairs 1024 4096 16384 65536] [--rounds 3]

All programs get the same rows of 128 numbers, float32, the same number of threads, and a process of their own in each round, in
turn; the median over rounds of the fastest of three times in a process counts. Beside the time stands the most memory that a
process took above its inputs. What holds the matrix of scores is left out where that alone would take `--memory` GiB.
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
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {"pytorch": "PyTorch, the formula", "lightly": "lightly NTXentLoss"}


def status(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def plain(z1, z2, tau):
    import torch
    import torch.nn.functional as F

    z = F.normalize(torch.cat([z1, z2]), dim=1)
    rows = len(z)
    scores = z @ z.T / tau
    scores = scores.masked_fill(torch.eye(rows, dtype=torch.bool), float("-inf"))
    return F.cross_entropy(scores, torch.arange(rows).roll(rows // 2))


def stub_torchvision():
    """lightly imports torchvision, whose compiled operators do not load beside every build of torch; the loss needs none of them."""
    import torch

    try:
        import torchvision  # noqa: F401
    except (RuntimeError, ImportError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        operators = torch.library.Library("torchvision", "DEF")
        operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
        return operators


def peer(arguments):
    """One process of a peer; prints what `bench-loss` prints."""
    import numpy
    import torch

    torch.set_num_threads(arguments.threads)
    if arguments.peer == "lightly":
        from importlib.metadata import version

        operators = stub_torchvision()  # noqa: F841 - what is defined lives as long as this
        from lightly.loss import NTXentLoss

        loss, name = NTXentLoss(temperature=0.5), version("lightly")
    else:
        loss, name = lambda a, b: plain(a, b, 0.5), torch.__version__
    views = [torch.from_numpy(numpy.load(file)) for file in arguments.views]

    def once(rows):
        pair = [view[:rows].detach().requires_grad_() for view in views]
        value = loss(*pair)
        value.backward()
        assert all(view.grad is not None for view in pair)
        return value.item()

    once(8)
    Path("/proc/self/clear_refs").write_text("5")
    before, seconds, peak = status("VmRSS"), [], 0
    for index in range(arguments.times + 1):
        start = time.perf_counter()
        value = once(len(views[0]))
        seconds.append(time.perf_counter() - start)
        if index == 0:
            peak = status("VmHWM") - before
    print(json.dumps({"loss": value, "seconds": seconds[1:] or seconds, "peak_mib": peak, "version": name}))


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["no output"])[-1]
    return json.loads(done.stdout), None


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {len(os.sched_getaffinity(0))} cores"
    return platform.machine()


def measure(arguments, pairs, folder):
    """Medians, peaks and versions by program for one number of pairs."""
    import numpy

    generator = numpy.random.default_rng(pairs)
    files = []
    for view in range(2):
        files.append(Path(folder) / f"{pairs}-{view}.npy")
        numpy.save(files[-1], generator.standard_normal((pairs, 128), dtype=numpy.float32))
    # At the largest sizes once is long enough.
    times = 3 if pairs <= 16384 else 0
    programs = {
        "Diptych": [arguments.program, *files, "--rounds", times, "--threads", arguments.threads]}
    if 4 * (2 * pairs) ** 2 * 4 / 2**30 <= arguments.memory:
        programs["Diptych, the formula"] = programs["Diptych"] + ["--loss", "formula"]
        for name, label in PEERS.items():
            programs[label] = [
                sys.executable, __file__, "--peer", name, "--views", *files, "--times", times, "--threads", arguments.threads]
    found, skipped = {}, {}
    for _ in range(arguments.rounds if pairs <= 16384 else 1):
        for label, command in programs.items():
            if label in skipped:
                continue
            report, reason = run(command)
            if report is None:
                skipped[label] = reason
                print(f"bench: {label} skipped at {pairs} pairs: {reason}", file=sys.stderr)
            else:
                found.setdefault(label, []).append(report)
    values = [report["loss"] for reports in found.values() for report in reports]
    if max(values) - min(values) > 1e-4:
        raise SystemExit(f"bench: the losses differ: {values}")
    return {
        label: {
            "seconds": statistics.median(min(report["seconds"]) for report in reports),
            "peak": statistics.median(report["peak_mib"] for report in reports), "version": reports[0]["version"]}
        for label, reports in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=HERE / ".build/release/bench-loss")
    parser.add_argument("--pairs", type=int, nargs="+", default=[1024, 4096, 16384, 65536])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--memory", type=float, default=18, help="GiB that four matrices of scores may take")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--views", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    lines = [
        "# Losses with their gradients", "",
        f"Written by `losses/bench.py` on {time.strftime('%Y-%m-%d')}: {machine()}, {arguments.threads} threads, {arguments.rounds} rounds "
        "in turn, medians. NT-Xent at temperature 0.5 of N pairs of dimension 128, float32, with the gradient of both views; memory is "
        "the most above the inputs.", "",
        "| N | | seconds | of PyTorch's formula | MiB |", "| --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        for pairs in arguments.pairs:
            found = measure(arguments, pairs, folder)
            base = found.get(PEERS["pytorch"], {}).get("seconds")
            for label, entry in found.items():
                ratio = f"{base / entry['seconds']:.2f} times as fast" if base else ""
                version = f" {entry['version']}" if label in PEERS.values() else f" (libtorch {entry['version']})"
                lines.append(f"| {pairs:,} | {label}{version} | {entry['seconds']:.4g} | {ratio} | {entry['peak']:,.0f} |")
                print(lines[-1], flush=True)
    arguments.output.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
