"""Training steps of Diptych and of PyTorch in turn, on the same machine, and the table of both.

    python compare.py IMAGES --diptych ../../.build/release/diptych [--only resnet18-32-width16] [--device cuda --precision bfloat16] [--compile]

Each round measures PyTorch channels-last, PyTorch NCHW (the faster of the two counts) and Diptych, whose steps include making the views
from the files of IMAGES, a folder with at least 256 of them. --compile adds torch.compile of PyTorch's networks, channels-last and with a
column of its own; it needs a C++ compiler (g++) on the CPU, and compiles before its first step, which is not counted. Medians over all
steps of all rounds. Writes RESULTS.md beside itself.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# name: encoder, stem, width, pairs, side
CASES = {
    "resnet18-32-width16": ("resnet18", "small", 16, 256, 32),
    "resnet18-32-width32": ("resnet18", "small", 32, 128, 32),
    "resnet18-32-width64": ("resnet18", "small", 64, 64, 32),
    "resnet18-96": ("resnet18", "imagenet", 64, 32, 96),
    "resnet18-224": ("resnet18", "imagenet", 64, 16, 224),
    "mobilenet_v2-96": ("mobilenet_v2", "imagenet", 32, 32, 96),
    "mobilenet_v2-224": ("mobilenet_v2", "imagenet", 32, 16, 224),
    "convnext_tiny-96": ("convnext_tiny", "imagenet", 96, 16, 96),
}
GPU_CASES = {
    "resnet18-32-width64": ("resnet18", "small", 64, 512, 32),
    "resnet50-224": ("resnet50", "imagenet", 64, 128, 224),
}


def pipeline(encoder, stem, width, pairs, side, precision):
    settings = f"stem: {stem}, width: {width}" if encoder.startswith("resnet") else ""
    blur = ", {gaussian_blur: {p: 0.5}}" if side > 96 else ""
    return f"""
views:
  branches: [{{count: 2, size: {side}, steps: [{{resized_crop: {{scale: [0.2, 1.0]}}}}, horizontal_flip,
    {{color_jitter: {{brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8}}}}, {{grayscale: {{p: 0.2}}}}{blur}]}}]
  evaluation: [resize, center_crop]
encoder: {{{encoder}: {{{settings}}}}}
method: {{simclr: {{loss: {{nt_xent: {{temperature: 0.5}}}}}}}}
training: {{batch_size: {pairs}, precision: {precision}, optimizer: {{sgd: {{lr: 0.06, momentum: 0.9, weight_decay: 5.0e-4}}}}}}
"""


def last_json(command):
    print("+", " ".join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}")
    text = done.stdout.strip()
    return json.loads(text if text.startswith("{\n") else text.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images")
    parser.add_argument("--diptych", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", action="append")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--compile", action="store_true", help="torch.compile as well, in a column of its own")
    parser.add_argument("--output", default=HERE / "RESULTS.md", type=Path)
    arguments = parser.parse_args()
    cases = CASES if arguments.device == "cpu" else GPU_CASES
    rows, machine = [], ""
    for name, case in cases.items():
        if arguments.only and name not in arguments.only:
            continue
        encoder, stem, width, pairs, side = case
        file = Path(os.environ.get("TMPDIR", "/tmp"), f"diptych-{name}.yaml")
        file.write_text(pipeline(*case, arguments.precision))
        kinds = {"channels-last": [], "NCHW": ["--contiguous"]}
        if arguments.compile:
            kinds["compiled"] = ["--compile"]
        peers, ours, reports = {kind: [] for kind in kinds}, [], []
        for _ in range(arguments.rounds):
            for kind, flags in kinds.items():
                found = last_json([arguments.python, HERE / "pytorch_step.py", "--encoder", encoder, "--stem", stem, "--width", width, "--batch", pairs,
                                   "--side", side, "--device", arguments.device, "--precision", arguments.precision, "--steps", arguments.steps, *flags])
                peers[kind] += found["milliseconds"]
            machine = f"{found['device']}, PyTorch {found['torch']}"
            report = last_json([arguments.diptych, "bench", arguments.images, "--train", "--json", "--pipeline", file, "--device", arguments.device,
                                "--steps", arguments.steps])
            reports.append(report)
            ours.append(report["milliseconds"])
        medians = {kind: statistics.median(times) for kind, times in peers.items()}
        compiled = medians.pop("compiled", None)
        kind, peer = min(medians.items(), key=lambda item: item[1])
        own = statistics.median(ours)
        middle = sorted(reports, key=lambda report: report["milliseconds"])[len(reports) // 2]
        stages = ", ".join(f"{stage['name']} {stage['milliseconds']:.0f}" for stage in middle["stages"])
        columns = f" {compiled:.0f} | {compiled / own:.2f} |" if compiled else ""
        rows.append(f"| {name} | {pairs} | {peer:.0f} ({kind}) | {own:.0f} | {peer / own:.2f} |{columns} {middle['data_wait']:.1%} | "
                    f"{middle['gflops']:.0f} of {middle['peak_gflops']:.0f} | {stages} |")
        print(rows[-1], file=sys.stderr, flush=True)
    columns = " compiled | ratio to it |" if arguments.compile else ""
    arguments.output.write_text(
        f"""# Training steps beside PyTorch eager

Milliseconds of a SimCLR step (medians of {arguments.rounds} rounds in turn, {arguments.precision}): PyTorch's on a batch that lies there already, Diptych's with its views made
from files meanwhile.{" `compiled` is `torch.compile` of PyTorch's networks, channels-last." if arguments.compile else ""} {platform.processor() or platform.machine()}, {machine}, Diptych with libtorch {middle['libtorch']}. `python compare.py` repeats it.

| step | pairs | PyTorch | Diptych | ratio |{columns} waiting for data | GFLOP/s | stages apart, ms |
| --- | --- | --- | --- | --- |{" --- | --- |" if columns else ""} --- | --- | --- |
""" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
