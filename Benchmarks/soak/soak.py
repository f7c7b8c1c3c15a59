"""Trains for a given time on a folder whose files are damaged, deleted, replaced and made slow all the while, and watches the process
from outside: its memory, threads and descriptors must not grow, and its throughput must hold.

    python3 Benchmarks/soak/soak.py --seconds 3600         # needs `swift build --configuration release` and nothing else

Faults fall on one image in ten: bytes changed in place, cut short while it may be read, deleted, replaced by another picture, by a
large one (slow to decode), by a folder, by a pipe that nobody writes to, or by a link to nothing; each is put right again later. The
rest stay as they are, so that a pass has its batches. Ends with status 1 where something grows or the run ends by itself.
"""
import argparse, glob, json, os, random, shutil, signal, statistics, struct, subprocess, sys, tempfile, threading, time, zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PIPELINE = """
views: {branches: [{count: 2, size: 32, steps: [resized_crop, horizontal_flip, color_jitter]}]}
encoder: {convnet: {width: 2}}
method: {simclr: {head: {mlp: {output: 8}}}}
training: {epochs: 1000000, batch_size: 32, seed: 1, log_every: 1000000, checkpoint_every: 50, keep: 2, optimizer: {sgd: {lr: 0.001}}}
evaluation: {knn_every: 50}
"""


def png(side, seed):
    """A picture of noise."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(side * 3) for _ in range(side))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


class Faults(threading.Thread):
    """Spoils files and puts them right again, some twenty times a second."""

    def __init__(self, paths, seed):
        super().__init__(daemon=True)
        self.paths, self.chance, self.done = paths, random.Random(seed), threading.Event()
        self.good = {path: open(path, "rb").read() for path in paths}
        self.large = png(1500, 0)
        self.count = {}

    def clear(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def put(self, path, data):
        with open(path + ".new", "wb") as file:
            file.write(data)
        if os.path.isdir(path):
            self.clear(path)
        os.replace(path + ".new", path)

    def spoil(self, path):
        kind = self.chance.choice(["changed", "cut", "deleted", "replaced", "slow", "folder", "pipe", "link"])
        self.count[kind] = self.count.get(kind, 0) + 1
        good = self.good[path]
        if kind == "changed":
            with open(path, "r+b") as file:
                file.seek(self.chance.randrange(len(good)))
                file.write(self.chance.randbytes(64))
        elif kind == "cut":
            os.truncate(path, self.chance.randrange(len(good)))
        elif kind == "replaced":
            self.put(path, self.good[self.chance.choice(self.paths)])
        elif kind == "slow":
            self.put(path, self.large)
        else:
            self.clear(path)
            if kind == "folder":
                os.mkdir(path)
            elif kind == "pipe":
                os.mkfifo(path)
            elif kind == "link":
                os.symlink(path + ".nothing", path)

    def run(self):
        while not self.done.wait(0.05):
            path = self.chance.choice(self.paths)
            self.put(path, self.good[path])
            if self.chance.random() < 0.8:
                self.spoil(path)


def state(process):
    """Resident MiB, threads and descriptors of a process."""
    with open(f"/proc/{process}/status") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"]), len(os.listdir(f"/proc/{process}/fd"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--diptych", default=f"{ROOT}/.build/release/diptych")
    options = parser.parse_args()
    home = tempfile.mkdtemp(prefix="diptych-soak-")
    try:
        paths = []
        for index in range(options.images):
            folder = f"{home}/images/{index % 3}"
            os.makedirs(folder, exist_ok=True)
            paths.append(f"{folder}/{index:05}.png")
            with open(paths[-1], "wb") as file:
                file.write(png(40 + index % 17, index))
        with open(f"{home}/pipeline.yaml", "w") as file:
            file.write(PIPELINE)
        faults = Faults(paths[::10], options.seed)
        with open(f"{home}/errors", "w") as errors:
            process = subprocess.Popen(
                [options.diptych, "train", f"{home}/images", "--pipeline", f"{home}/pipeline.yaml", "--output", f"{home}/run",
                 "--threads", str(options.threads), "--max-bad", "0.2"], stdout=subprocess.DEVNULL, stderr=errors)
        while not os.path.exists(f"{home}/run/checkpoints/last.ckpt") and process.poll() is None:
            time.sleep(0.05)
        faults.start()
        begun, samples = time.monotonic(), []
        while time.monotonic() - begun < options.seconds and process.poll() is None:
            try:
                samples.append(state(process.pid))
            except (FileNotFoundError, ProcessLookupError, KeyError):
                break
            time.sleep(min(0.25, options.seconds / 40))
        faults.done.set()
        faults.join()
        ended = process.poll()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        if ended is not None or status != 130:
            sys.exit(f"the run ended with status {status}: " + open(f"{home}/errors").read()[-500:])
        report(samples, faults.count, f"{home}/run", options.seconds)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def report(samples, faults, run, seconds):
    def of(lines):
        return [json.loads(line) for line in lines]

    with open(f"{run}/metrics.jsonl") as file:
        epochs = [record for record in of(file) if record["kind"] == "epoch"]
    listed = []
    if os.path.exists(f"{run}/quarantine.jsonl"):
        with open(f"{run}/quarantine.jsonl") as file:
            listed = of(file)
    # The first quarter warms up: buffers grow to the largest picture, the allocator to its usual size.
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter:2 * quarter], samples[-quarter:]
    memory = [max(sample[0] for sample in part) for part in (early, late)]
    threads = [max(sample[1] for sample in part) for part in (early, late)]
    files = [max(sample[2] for sample in part) for part in (early, late)]
    speeds = [epoch["images_per_second"] for epoch in epochs]
    parts = [statistics.median(speeds[len(speeds) * i // 4:max(len(speeds) * i // 4 + 1, len(speeds) * (i + 1) // 4)]) for i in range(4)]
    print(f"{seconds:.0f} s, {len(epochs)} passes, {sum(faults.values())} faults ({', '.join(f'{v} {k}' for k, v in sorted(faults.items()))})")
    print(f"{len(listed)} images listed in quarantine.jsonl, {len({r['name'] for r in listed})} of them different")
    print(f"resident memory, largest in the second and in the last quarter: {memory[0]:.1f} and {memory[1]:.1f} MiB")
    middle = [statistics.median(sample[0] for sample in samples[quarter * i:quarter * (i + 1)] or samples) for i in range(4)]
    print("resident memory, medians of the quarters: " + ", ".join(f"{part:.1f}" for part in middle) + " MiB")
    print(f"threads {threads[0]} and {threads[1]}, descriptors {files[0]} and {files[1]}")
    print("images a second, medians of the quarters: " + ", ".join(f"{part:.0f}" for part in parts))
    wrong = []
    # In a short run the first large picture may come late.
    short = seconds < 60
    if memory[1] > memory[0] * 1.05 + (64 if short else 8):
        wrong.append("memory")
    # A descriptor more may be a file that is being read.
    if threads[1] > threads[0]:
        wrong.append("threads")
    if files[1] > files[0] + 2:
        wrong.append("descriptors")
    if len(listed) != len({r["name"] for r in listed}) or not listed and not short:
        wrong.append("the list of images")
    if wrong:
        sys.exit("grows, or is wrong: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
