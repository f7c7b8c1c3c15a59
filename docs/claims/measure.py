"""Makes the runs of docs/claims.md and its tables and plots; standard library only.

    python3 docs/claims/measure.py CIFAR10 [--second OTHER] [--diptych .build/release/diptych] [--runs runs/claims] [--only tau ...]

CIFAR10 has train/CLASS and test/CLASS (datasets/cifar10/prepare); --second is a labelled folder for the transfer. Runs that are
there are not made again. Writes docs/claims/*.svg and prints the tables.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#a0528b"]


class Runs:
    def __init__(self, arguments):
        self.arguments = arguments
        self.folder = arguments.runs
        self.folder.mkdir(parents=True, exist_ok=True)

    def images(self, name, classes, train, test):
        """Links to the first files of some classes."""
        root = self.folder / f"images-{name}"
        if not root.exists():
            for part, count in (("train", train), ("test", test)):
                for label in sorted(p.name for p in (self.arguments.cifar / part).iterdir() if classes is None or p.name in classes):
                    (root / part / label).mkdir(parents=True)
                    for file in sorted((self.arguments.cifar / part / label).iterdir())[:count]:
                        (root / part / label / file.name).symlink_to(file.resolve())
        return root

    def call(self, *command):
        command = [*command, *(["--threads", self.arguments.threads] if self.arguments.threads else [])]
        done = subprocess.run([str(self.arguments.diptych), *map(str, command)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"measure: {' '.join(map(str, command))}: {done.stderr.strip().splitlines()[-1]}")
        return done.stdout

    def run(self, name, images, *settings, control=False):
        """A run's last epoch and its scores; trains and probes where that has not been done."""
        folder = self.folder / name
        if not (folder / "probe.json").exists():
            print(f"measure: {name}", file=sys.stderr, flush=True)
            command = ["train", images, "--pipeline", ROOT / "pipelines/claims.yaml", "--output", folder]
            if (folder / "config.yaml").exists():
                subprocess.run(["rm", "-r", str(folder)], check=True)
            for setting in settings:
                command += ["--set", setting]
            self.call(*command)
            self.call("probe", folder, images, *(["--control"] if control else []))
        epochs = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        epochs = [epoch for epoch in epochs if epoch["kind"] == "epoch"]
        return epochs, json.loads((folder / "probe.json").read_text())

    def probe(self, name, images, label):
        """A run's scores on other images."""
        file = self.folder / name / f"probe-{label}.json"
        if not file.exists():
            print(f"measure: {name} on {label}", file=sys.stderr, flush=True)
            self.call("probe", self.folder / name, images, "--output", file, "--control")
        return json.loads(file.read_text())


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def plot(name, title, x_label, y_label, lines, logarithmic=True):
    """Lines over an axis, as SVG for light and dark."""
    width, height, left, top, right, bottom = 520, 300, 52, 50, 500, 254
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    scale = math.log if logarithmic else float
    low, high = scale(min(xs)), scale(max(xs))
    floor, ceiling = min(ys), max(ys)
    margin = 0.06 * (ceiling - floor or 1)
    floor, ceiling = floor - margin, ceiling + margin
    place = lambda x, y: (left + (right - left) * (scale(x) - low) / (high - low or 1), bottom - (bottom - top) * (y - floor) / (ceiling - floor))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"><title>{title}</title>',
        "<style>text{font:12px system-ui,sans-serif;fill:#333}.p{fill:#fff}.g{stroke:#e4e4e4}@media(prefers-color-scheme:dark)"
        "{text{fill:#ddd}.p{fill:#16181c}.g{stroke:#33363c}}</style>",
        f'<rect class="p" width="100%" height="100%"/><text x="12" y="20" style="font-weight:600">{title}</text>',
    ]
    for step in range(5):
        y = floor + (ceiling - floor) * step / 4
        at = place(max(xs), y)[1]
        out.append(f'<line class="g" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/><text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    for x in sorted(set(xs)):
        out.append(f'<text x="{place(x, floor)[0]:.1f}" y="{bottom + 18}" text-anchor="middle">{x:g}</text>')
    out.append(f'<text x="{(left + right) / 2}" y="{bottom + 38}" text-anchor="middle">{x_label}</text><text x="12" y="40">{y_label}</text>')
    at = 110.0
    for (label, points), colour in zip(lines, COLOURS):
        path = " ".join(f"{place(x, y)[0]:.1f},{place(x, y)[1]:.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        out += [f'<circle cx="{place(x, y)[0]:.1f}" cy="{place(x, y)[1]:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{at:.0f}" y="40" style="fill:{colour}">{label}</text>')
        at += 7 * len(label) + 20
    (HERE / f"{name}.svg").write_text("\n".join(out + ["</svg>"]) + "\n")


def percent(value):
    return f"{100 * value:.1f}%"


def tau(runs):
    images = runs.images("ten", None, 400, 300)
    rows, lines = [], {"linear probe": [], "kNN": []}
    for value in (0.01, 0.05, 0.1, 0.2, 0.5, 1.0):
        epochs, probe = runs.run(f"tau-{value}", images, f"method.simclr.loss.nt_xent.temperature={value}")
        last = epochs[-1]
        rows.append([
            f"{value}", f"{last['alignment']:.3f}", f"{last['uniformity']:.3f}", f"{last['effective_rank']:.1f}",
            percent(probe["linear_probe"]["top1"]), percent(probe["knn"]["top1"])])
        lines["linear probe"].append((value, 100 * probe["linear_probe"]["top1"]))
        lines["kNN"].append((value, 100 * probe["knn"]["top1"]))
    table(["tau", "alignment", "uniformity", "effective rank", "linear probe", "kNN"], rows)
    plot("tau", "Temperature", "tau", "top-1, %", list(lines.items()))


MOCO = "method={moco: {queue: 4096, momentum: 0.99, norm_groups: 4, negatives: %d, head: {mlp: {layers: 2, hidden: 64, output: 64}}, loss: %s}}"
INFO = "{info_nce: {critic: {cosine: {temperature: 0.1}}}}"


def negatives(runs):
    two = runs.images("two", {"automobile", "cat"}, 2000, 1000)
    ten = runs.images("ten", None, 400, 300)
    rows, lines = [], {"two classes": [], "ten classes": []}
    for count in (4, 16, 64, 256, 1024, 4096):
        row = [f"{count}"]
        for label, images in (("two classes", two), ("ten classes", ten)):
            scores = []
            for seed in runs.arguments.seeds:
                _, probe = runs.run(f"negatives-{label.split()[0]}-{count}-{seed}", images, MOCO % (count, INFO), f"training.seed={seed}")
                scores.append(probe["linear_probe"]["top1"])
            row += [f"{count / (2 if label.startswith('two') else 10):g}", percent(statistics.mean(scores)), " ".join(percent(s) for s in scores)]
            lines[label].append((count, 100 * statistics.mean(scores)))
        rows.append(row)
    table(["negatives K", "of the anchor's class, two classes", "linear probe, two classes", "seeds", "of the anchor's class, ten classes", "linear probe, ten classes", "seeds"], rows)
    plot("negatives", "Negatives and classes", "negatives K", "linear probe, %", list(lines.items()))


def repair(runs):
    two = runs.images("two", {"automobile", "cat"}, 2000, 1000)
    variants = {
        "NT-Xent": "{nt_xent: {temperature: 0.5}}", "debiased, tau+ 0.1": "{debiased: {temperature: 0.5, tau_plus: 0.1}}",
        "debiased, tau+ 0.5": "{debiased: {temperature: 0.5, tau_plus: 0.5}}",
        "HCL, tau+ 0.1, beta 0.5": "{hcl: {temperature: 0.5, tau_plus: 0.1, beta: 0.5}}",
        "HCL, tau+ 0.5, beta 0.5": "{hcl: {temperature: 0.5, tau_plus: 0.5, beta: 0.5}}",
        "FNC, 64 eliminated": "{fnc: {temperature: 0.5, top: 64, threshold: 0.5}}",
        "SupCon (labels used)": "{sup_con: {temperature: 0.5}}",
    }
    rows = []
    for name, loss in variants.items():
        scores = []
        for seed in runs.arguments.seeds:
            key = "".join(c if c.isalnum() else "-" for c in name)
            _, probe = runs.run(f"repair-{key}-{seed}", two, f"method.simclr.loss={loss}", "training.batch_size=256", f"training.seed={seed}")
            scores.append(probe["linear_probe"]["top1"])
        rows.append([name, percent(statistics.mean(scores)), f"{100 * statistics.stdev(scores):.1f}" if len(scores) > 1 else "", " ".join(percent(s) for s in scores)])
    table(["loss, two classes, batch 256", "linear probe", "deviation of the seeds", "seeds"], rows)


def collapse(runs):
    images = runs.images("ten", None, 400, 300)
    rows = []
    for name, settings in {
        "alignment alone": ["method.simclr.loss={alignment_uniformity: {alignment: 1, uniformity: 0}}"],
        "alignment and uniformity": ["method.simclr.loss={alignment_uniformity: {alignment: 1, uniformity: 1}}"],
        "NT-Xent, tau 0.2": [],
    }.items():
        epochs, probe = runs.run("collapse-" + name.split(",")[0].replace(" ", "-"), images, *settings)
        last = epochs[-1]
        rows.append([
            name, f"{last['alignment']:.4f}", f"{last['uniformity']:.3f}", f"{last['effective_rank']:.1f}",
            percent(probe["linear_probe"]["top1"]), percent(probe["knn"]["top1"])])
    table(["objective", "alignment", "uniformity", "effective rank of the embedding", "linear probe", "kNN"], rows)


def queue(runs):
    images = runs.images("ten", None, 400, 300)
    rows = []
    for name, settings in {
        "SimCLR, batch 32": ["training.batch_size=32", "training.optimizer.sgd.lr=0.03"],
        "SimCLR, batch 256": ["training.batch_size=256"],
        "MoCo, batch 32, queue 64": [MOCO.replace("queue: 4096", "queue: 64") % (64, INFO), "training.batch_size=32", "training.optimizer.sgd.lr=0.03"],
        "MoCo, batch 32, queue 4096": [MOCO % (4096, INFO), "training.batch_size=32", "training.optimizer.sgd.lr=0.03"],
    }.items():
        epochs, probe = runs.run("queue-" + "".join(c if c.isalnum() else "-" for c in name), images, *settings)
        last = epochs[-1]
        rows.append([
            name, f"{last['mi_ceiling']:.2f}", f"{last['mi_bound']:.2f}", percent(probe["linear_probe"]["top1"]), percent(probe["knn"]["top1"])])
    table(["run", "ceiling log K, nats", "bound, nats", "linear probe", "kNN"], rows)


def transfer(runs):
    images = runs.images("ten", None, 400, 300)
    second = runs.arguments.second
    rows = []
    variants = {
        "contrastive (NT-Xent)": ("transfer-contrastive", []),
        "supervised, a classifier": ("transfer-classifier", ["method=supervised"]),
        "supervised, SupCon": ("transfer-supervised", ["method.simclr.loss={sup_con: {temperature: 0.1}}"]),
    }
    for name, (key, settings) in variants.items():
        _, probe = runs.run(key, images, "training.epochs=12", *settings, control=True)
        row = [name, percent(probe["linear_probe"]["top1"]), percent(probe["knn"]["top1"])]
        control = ["random weights", percent(probe["control"]["linear_probe"]["top1"]), percent(probe["control"]["knn"]["top1"])]
        if second:
            other = runs.probe(key, second, "second")
            row += [percent(other["linear_probe"]["top1"]), percent(other["knn"]["top1"])]
            control += [percent(other["control"]["linear_probe"]["top1"]), percent(other["control"]["knn"]["top1"])]
        rows.append(row)
    rows.append(control)
    table(["encoder, same size and epochs", "linear probe", "kNN"] + (["probe on the second set", "kNN on it"] if second else []), rows)


PARTS = {"tau": tau, "collapse": collapse, "queue": queue, "transfer": transfer, "repair": repair, "negatives": negatives}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cifar", type=Path)
    parser.add_argument("--second", type=Path)
    parser.add_argument("--diptych", type=Path, default=ROOT / ".build/release/diptych")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs/claims")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="of the runs with few classes")
    parser.add_argument("--threads", type=int, help="of each run; all cores by default")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    arguments = parser.parse_args()
    runs = Runs(arguments)
    for name in arguments.only:
        print(f"## {name}\n")
        PARTS[name](runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
