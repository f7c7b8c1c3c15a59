"""Diptych's Python loader beside others in one training loop: lightly's SimCLR model, loss and optimiser on the CPU or a GPU.

    python compare.py IMAGES --size 96 --threads 2 --seconds 30 [--loop none] [--seeds 0 1 2]

Each loader makes SimCLR's views by the policy of ../views/peers.py and feeds the same loop. Rounds take the loaders in turn and medians
count. With `--loop none` the views are made and thrown away. With `--epochs N` whole epochs are trained instead and the loss of each epoch
is printed, for every seed. DIPTYCH_LIBRARY and DIPTYCH_PROGRAM name a build that is not installed.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "views")]

import peers  # noqa: E402


def policy(size):
    steps = [
        "resized_crop", "horizontal_flip",
        {"color_jitter": {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "p": 0.8}}, {"grayscale": {"p": 0.2}}]
    if size > 32:
        steps.append({"gaussian_blur": {"kernel_size": 23, "sigma": [0.1, 2.0], "p": 0.5}})
    return {"branches": [{"count": 2, "size": size, "steps": steps}]}


def diptych_batches(files, arguments, seed, endless):
    import diptych

    loader = diptych.Loader(
        arguments.images, views=policy(arguments.size), batch_size=arguments.batch, threads=arguments.threads, seed=seed,
        collate="tuple")
    epochs = itertools.count() if endless else range(arguments.epochs)
    return (("batch", views) for _ in epochs for views, _, _ in loader), len(loader)


def peer_batches(name):
    def batches(files, arguments, seed, endless):
        import random

        import torch

        torch.manual_seed(seed)
        random.seed(seed)
        loader, _ = getattr(peers, f"{name}_pairs")(files, arguments)
        make = loader.dataset.make

        class Once(torch.utils.data.Dataset):
            def __len__(self):
                return len(files)

            def __getitem__(self, index):
                return make(files[index])

        own = torch.utils.data.DataLoader(
            Once(), batch_size=arguments.batch, shuffle=True, drop_last=True, num_workers=arguments.threads, persistent_workers=True)
        torch.set_num_threads(arguments.threads)
        epochs = itertools.count() if endless else range(arguments.epochs)
        return (("batch", views) for _ in epochs for views in own), len(own)

    return batches


LOADERS = {"diptych": diptych_batches, "torchvision": peer_batches("torchvision"), "albumentations": peer_batches("albumentations")}


def step_of(arguments, seed):
    """One training step of lightly's example; None where views alone are measured."""
    if arguments.loop == "none":
        return None
    import torch

    peers.torchvision_pairs([], argparse.Namespace(size=32, threads=0))
    import torchvision
    from lightly.loss import NTXentLoss
    from lightly.models.modules import SimCLRProjectionHead

    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    backbone = torch.nn.Sequential(*list(torchvision.models.resnet18().children())[:-1], torch.nn.Flatten())
    model = torch.nn.Sequential(backbone, SimCLRProjectionHead(512, 512, 128)).to(device)
    criterion, optimizer = NTXentLoss(), torch.optim.SGD(model.parameters(), lr=0.06)

    def step(views):
        z0, z1 = (model(view.to(device, non_blocking=True)) for view in views[:2])
        loss = criterion(z0, z1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return step


def run(name, files, arguments, seed):
    batches, length = LOADERS[name](files, arguments, seed, arguments.epochs is None)
    step = step_of(arguments, seed)
    images, losses, current = 0, [], []
    start = None
    for number, (_, views) in enumerate(batches, 1):
        loss = step(views) if step else None
        images += len(views[0])
        if arguments.epochs:
            current.append(loss.item())
            if number % length == 0:
                losses.append(statistics.fmean(current))
                current = []
        elif start is None:
            # The first batches also start workers and warm caches.
            if number >= 3:
                images, start = 0, time.perf_counter()
        elif time.perf_counter() - start > arguments.seconds:
            break
    if arguments.epochs:
        return {"losses": losses}
    if step:
        loss.item()
    return {"rate": images / (time.perf_counter() - start)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=["lightly", "none"], default="lightly")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--loaders", nargs="+", default=list(LOADERS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    files = sorted(str(path) for path in arguments.images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if arguments.one:
        print(json.dumps(run(arguments.one, files, arguments, arguments.seed)))
        return
    results = {name: [] for name in arguments.loaders}
    for turn in arguments.seeds if arguments.epochs else range(arguments.rounds):
        for name in arguments.loaders:
            # A process each, so that none inherits another's threads or caches.
            done = subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--one", name, "--seed", str(turn)], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"compare: {name} skipped: {(done.stderr.strip().splitlines() or ['no output'])[-1]}", file=sys.stderr)
                continue
            results[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(name, turn, done.stdout.splitlines()[-1], file=sys.stderr)
    if arguments.epochs:
        for name, found in results.items():
            print(f"{name}: " + "; ".join(" ".join(f"{loss:.3f}" for loss in one["losses"]) for one in found))
        return
    medians = {name: statistics.median(one["rate"] for one in found) for name, found in results.items() if found}
    for name, median in medians.items():
        print(f"| {name} | {median:,.0f} | {median / max(v for k, v in medians.items() if k != 'diptych'):.2f} |")


if __name__ == "__main__":
    main()
