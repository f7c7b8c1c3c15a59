"""Diptych's Python loader beside the command and beside other loaders; writes RESULTS.md.

    python compare.py --photographs IMAGENET_FILES --small CIFAR_FILES [--only native loop curves]

native: `diptych bench` and a Python loop over the same pipeline in turn (A B A B): 224 pixels from photographs, 32 pixels from shards.
loop:   every loader alone, then in lightly's SimCLR (NT-Xent, projection head, SGD; a ResNet-18 of width 16) with only the loader replaced.
curves: Diptych's and torchvision's loader train that model on the same small files for some epochs, with several seeds.

Each measurement is a process of its own, rounds take the programs in turn, and medians count. What is not installed is skipped and named.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loaders import LOADERS

HERE = Path(__file__).resolve().parent


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {len(os.sched_getaffinity(0))} cores"
    return platform.machine()


def images_of(folder):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))


# What one process measures.


def python_rate(arguments):
    """Pairs a second of a bare loop over the loader, with the batch and the threads of `diptych bench`."""
    import diptych

    loader = diptych.Loader(arguments.images, arguments.pipeline, batch_size=arguments.batch, threads=arguments.threads)
    done, begin, start = 0, None, time.perf_counter()
    for epoch in loader.epochs():
        for batch in epoch:
            now = time.perf_counter()
            if begin is None:
                # As much warming up as the command takes.
                begin = now if now - start > min(1, arguments.seconds / 4) else None
                continue
            done += len(batch)
            if now - begin > arguments.seconds:
                return {"rate": done / (now - begin)}


def learner(arguments, seed):
    """One training step of lightly's SimCLR example, with a ResNet-18 of width 16; takes two batches of views, gives the loss."""
    import torch

    from loaders import peers

    # torchvision's networks, also where its operators are of another build than torch.
    peers.torchvision_pairs([], argparse.Namespace(size=32, threads=0))
    torch.set_num_threads(arguments.threads)
    from diptych._runs import _resnet
    from lightly.loss import NTXentLoss
    from lightly.models.modules import SimCLRProjectionHead

    torch.manual_seed(seed)
    stem = "small" if arguments.size <= 32 else "imagenet"
    model = torch.nn.Sequential(_resnet("resnet18", {"stem": stem, "width": 16}), SimCLRProjectionHead(128, 128, 128))
    criterion = NTXentLoss(temperature=0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9)

    def step(views):
        z0, z1 = (model(view) for view in views[:2])
        loss = criterion(z0, z1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    step([torch.randn(arguments.batch, 3, arguments.size, arguments.size) for _ in range(2)])
    return step


def timed(batches, arguments, step, warm):
    """Images a second after `warm` batches."""
    done, begin = 0, None
    for number, views in enumerate(batches):
        if step:
            step(views)
        now = time.perf_counter()
        if begin is not None:
            done += len(views[0])
            if now - begin > arguments.seconds:
                return done / (now - begin)
        elif number + 1 >= warm:
            begin = now
    return None


def loop_rates(arguments):
    step = learner(arguments, 0)
    batches = LOADERS[arguments.loader][0](images_of(arguments.images), arguments)
    alone = timed(batches, arguments, None, 4)
    return {"alone": alone, "training": timed(batches, arguments, step, 2)}


def curve(arguments):
    step = learner(arguments, arguments.seed)
    files = images_of(arguments.images)
    batches = LOADERS[arguments.loader][0](files, arguments, arguments.seed)
    length = len(files) // arguments.batch
    losses = []
    begin = time.perf_counter()
    for _ in range(arguments.epochs):
        losses.append(statistics.fmean(step(next(batches)) for _ in range(length)))
    return {"losses": losses, "rate": arguments.epochs * length * arguments.batch / (time.perf_counter() - begin)}


WORK = {"python": python_rate, "loop": loop_rates, "curve": curve}


# The whole, in turn.


def run(words, **options):
    """The JSON object that a process prints, or the last line of why it does not."""
    try:
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=options.get("timeout", 300), check=False)
    except subprocess.TimeoutExpired:
        return None, "no result in time"
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["no output"])[-1]
    return json.loads(done.stdout[done.stdout.index("{"):]), None


def one(work, arguments, **settings):
    words = [sys.executable, __file__, "--one", work]
    given = {"threads": arguments.threads, "seconds": arguments.seconds, **settings}
    for name, value in given.items():
        words += [f"--{name}", value]
    return run(words)


def native(arguments):
    """The command and the Python loop in turn."""
    lines = ["## The Python loop beside the command", "", "| | `diptych bench`, pairs/s | Python loop, pairs/s | share |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        subprocess.run([arguments.diptych, "pack", arguments.small, "--output", f"{shards}/%06d.tar"], check=True, capture_output=True)
        tasks = [("224 pixels, photographs", arguments.photographs, 224, 0.95), ("32 pixels, shards", shards, 32, 0.9)]
        for title, images, size, wanted in tasks:
            pipeline = HERE.parent / "views" / f"simclr-{size}.yaml"
            command, python = [], []
            for _ in range(arguments.rounds):
                report, reason = run([
                    arguments.diptych, "bench", images, "--pipeline", pipeline, "--seconds", arguments.seconds, "--threads", arguments.threads,
                    "--json"])
                if report is None:
                    raise SystemExit(f"compare: diptych bench failed: {reason}")
                command.append(report["pairs_per_second"])
                report, reason = one("python", arguments, images=images, pipeline=pipeline, batch=64)
                if report is None:
                    raise SystemExit(f"compare: the Python loop failed: {reason}")
                python.append(report["rate"])
                print(f"{title}: bench {command[-1]:,.0f}, python {python[-1]:,.0f}", file=sys.stderr)
            share = statistics.median(python) / statistics.median(command)
            lines.append(
                f"| {title} | {statistics.median(command):,.0f} | {statistics.median(python):,.0f} | {share:.1%}"
                f"{'' if share >= wanted else f', below {wanted:.0%}'} |")
    return lines


def loop(arguments):
    """All loaders in turn, alone and in the training loop."""
    found, skipped = {}, {}
    for turn in range(arguments.turns):
        for name in arguments.loaders:
            if name in skipped:
                continue
            report, reason = one("loop", arguments, images=arguments.photographs, loader=name, size=arguments.size, batch=64)
            print(f"{name} {turn}: {report or reason}", file=sys.stderr)
            if report is None:
                skipped[name] = reason
            else:
                found.setdefault(name, []).append(report)
    medians = {name: [statistics.median(one[key] for one in reports) for key in ("alone", "training")] for name, reports in found.items()}
    others = [rates for name, rates in medians.items() if name != "diptych"]
    best = [max((rates[k] for rates in others), default=float("nan")) for k in (0, 1)]
    lines = [
        f"## {arguments.size} pixels from photographs, in lightly's SimCLR", "",
        "| loader | alone, pairs/s | of the fastest other | training, images/s | of the fastest other |", "| --- | --- | --- | --- | --- |"]
    for name, (alone, training) in medians.items():
        lines.append(f"| {label(name)} | {alone:,.0f} | {alone / best[0]:.2f} | {training:,.0f} | {training / best[1]:.2f} |")
    for name, reason in skipped.items():
        lines.append(f"| {label(name)} | skipped: {reason.replace('|', '/')[:120]} | | | |")
    return lines


def label(name):
    _, title, package = LOADERS[name]
    try:
        return f"{title} {version(package)}"
    except PackageNotFoundError:
        return title


def curves(arguments):
    """The same model on the same files by two loaders."""
    lines = [
        f"## Loss curves: {arguments.count:,} small files, 32 pixels, {arguments.epochs} epochs", "",
        "| loader | seed | " + " | ".join(f"epoch {k + 1}" for k in range(arguments.epochs)) + " | images/s |",
        "| --- | --- | " + "--- | " * (arguments.epochs + 1)]
    last = {}
    with tempfile.TemporaryDirectory() as folder:
        files = images_of(arguments.small)
        for path in files[:: max(1, len(files) // arguments.count)][: arguments.count]:
            target = Path(folder) / Path(path).parent.name / Path(path).name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
        for seed in arguments.seeds:
            for name in ("diptych", "torchvision"):
                report, reason = one(
                    "curve", arguments, images=folder, loader=name, size=32, batch=128, seed=seed, epochs=arguments.epochs)
                print(f"{name}, seed {seed}: {report or reason}", file=sys.stderr)
                if report is None:
                    lines.append(f"| {label(name)} | {seed} | skipped: {reason[:120]} |" + " |" * arguments.epochs)
                    continue
                last.setdefault(name, []).append(report["losses"][-1])
                cells = " | ".join(f"{loss:.3f}" for loss in report["losses"])
                lines.append(f"| {label(name)} | {seed} | {cells} | {report['rate']:,.0f} |")
    if len(last) == 2 and len(arguments.seeds) > 1:
        means, spread = ([f(values) for values in last.values()] for f in (statistics.fmean, statistics.stdev))
        lines += ["", (
            f"Last epoch, mean and standard deviation over seeds: Diptych {means[0]:.3f} ± {spread[0]:.3f}, "
            f"torchvision {means[1]:.3f} ± {spread[1]:.3f}.")]
    return lines


PARTS = {"native": native, "loop": loop, "curves": curves}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--small", type=Path)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3, help="of native")
    parser.add_argument("--turns", type=int, default=2, help="of loop")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--count", type=int, default=1536, help="images of curves")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--loaders", choices=LOADERS, nargs="+", default=list(LOADERS))
    parser.add_argument("--diptych", default=str(Path(sys.executable).with_name("diptych")))
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    for name, kind in (("one", str), ("images", Path), ("pipeline", Path), ("loader", str), ("batch", int), ("seed", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(WORK[arguments.one](arguments)), flush=True)
        # Worker threads and processes of the others need not be waited for.
        os._exit(0)
    for name in ("photographs", "small"):
        if getattr(arguments, name) is None:
            parser.error(f"--{name} is needed")
    begin = time.perf_counter()
    parts = [PARTS[name](arguments) for name in PARTS if name in arguments.only]
    head = [
        "# Diptych's loader in Python", "",
        f"Written by `compare.py` on {time.strftime('%Y-%m-%d')} in {time.perf_counter() - begin:.0f} s: {machine()}, {arguments.threads} threads or",
        f"processes each, {arguments.seconds:g} s a measurement, programs in turn, medians; torch {version('torch')}; files in the page cache.",
        "SimCLR's policy, see `../views/peers.py`. A training loop is lightly's SimCLR with only the loader replaced, on a ResNet-18 of",
        "width 16 in float32. FFCV is not compared; `loaders.py` says why."]
    arguments.output.write_text("\n\n".join("\n".join(lines) for lines in [head, *parts]) + "\n")
    print(arguments.output.read_text())


if __name__ == "__main__":
    main()
