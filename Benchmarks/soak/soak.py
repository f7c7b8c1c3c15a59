"""Trains for a given time on a folder whose files are damaged, deleted, replaced and made slow all the while, and watches the process
from outside: its memory, threads and descriptors must not grow, and its throughput must hold.

    python3 Benchmarks/soak/soak.py --seconds 3600         # needs `swift build --configuration release` and nothing else

Faults fall on one image in ten: bytes changed in place, cut short while it may be read, deleted, replaced by another picture, by a
large one (slow to decode), by a folder, by a pipe that nobody writes to, or by a link to nothing; each is put right again later. The
rest stay as they are, so that an epoch has its batches. Ends with status 1 where something grows or the run ends by itself.
`--log` keeps what was seen, one line a sample; `--heap`, which needs a C compiler and glibc, asks the heap as well.
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


class Watch:
    """A process as it looks from outside; each sample is resident MiB, threads, descriptors, seconds since the first one, seconds of
    processor time, images trained on, resident MiB that are no file's pages."""

    def __init__(self, process, metrics):
        self.process, self.metrics = process, metrics
        self.begun, self.images, self.read, self.part = time.monotonic(), 0, 0, b""

    def sample(self):
        with open(f"/proc/{self.process}/status") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        memory, threads, files = int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"]), len(os.listdir(f"/proc/{self.process}/fd"))
        with open(f"/proc/{self.process}/stat") as file:
            times = file.read().rsplit(")", 1)[1].split()[11:13]
        self.count()
        own = int(fields["RssAnon"].split()[0]) / 1024
        return memory, threads, files, time.monotonic() - self.begun, sum(map(int, times)) / os.sysconf("SC_CLK_TCK"), self.images, own

    def count(self):
        """Reads on in the run's log, whose last line may not be whole yet."""
        if not os.path.exists(self.metrics):
            return
        with open(self.metrics, "rb") as file:
            file.seek(self.read)
            text = file.read()
        self.read += len(text)
        *lines, self.part = (self.part + text).split(b"\n")
        for record in map(json.loads, lines):
            if record["kind"] == "epoch":
                self.images += round(record["images_per_second"] * record["seconds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", help="a file for time, memory, memory of its own, threads, descriptors, processor time and images")
    parser.add_argument("--heap", help="a file for the heap's bytes in use, see heap.c")
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
        environment = dict(os.environ)
        if options.heap:
            library = f"{home}/heap.so"
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-pthread", "-o", library, f"{ROOT}/Benchmarks/soak/heap.c"], check=True)
            environment.update(LD_PRELOAD=library, HEAP_LOG=os.path.abspath(options.heap))
        with open(f"{home}/errors", "w") as errors:
            process = subprocess.Popen(
                [options.diptych, "train", f"{home}/images", "--pipeline", f"{home}/pipeline.yaml", "--output", f"{home}/run",
                 "--threads", str(options.threads), "--max-bad", "0.2"], stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        while not os.path.exists(f"{home}/run/checkpoints/last.ckpt") and process.poll() is None:
            time.sleep(0.05)
        faults.start()
        watch, samples = Watch(process.pid, f"{home}/run/metrics.jsonl"), []
        while time.monotonic() - watch.begun < options.seconds and process.poll() is None:
            try:
                samples.append(watch.sample())
            except (FileNotFoundError, ProcessLookupError, KeyError):
                break
            time.sleep(min(0.25, options.seconds / 40))
        faults.done.set()
        faults.join()
        ended = process.poll()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        if options.log:
            with open(options.log, "w") as file:
                for memory, threads, files, seconds, processor, images, own in samples:
                    file.write(f"{seconds:.2f},{memory:.2f},{own:.2f},{threads},{files},{processor:.2f},{images}\n")
        if ended is not None or status != 130:
            with open(f"{home}/errors") as file:
                text = file.read()
            # What a sanitizer says is long, and the first report says most.
            found = text.find("Sanitizer")
            sys.exit(f"the run ended with status {status}: " + (text[-500:] if found < 0 else text[found:found + 20000]))
        report(samples, faults.count, f"{home}/run", options.seconds)
        if options.heap:
            heap(options.heap)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def pace(samples):
    """Images a second, and milliseconds of processor time an image, of each whole minute."""
    rates, costs, first = [], [], None
    for sample in samples:
        if first is None:
            first = sample
        if sample[3] - first[3] >= 60:
            images = sample[5] - first[5]
            rates.append(images / (sample[3] - first[3]))
            costs.append((sample[4] - first[4]) * 1000 / max(images, 1))
            first = sample
    return rates, costs


def course(values, unit):
    """Median, extremes and trend of one value a minute."""
    middle = statistics.median(values)
    trend = statistics.linear_regression(range(len(values)), values).slope * 60 / middle
    return f"median {middle:.4g}, least {min(values):.4g}, most {max(values):.4g} {unit}, trend {trend:+.1%} an hour"


def quarters(values):
    """The medians of four equal parts."""
    return [statistics.median(values[len(values) * i // 4:max(len(values) * i // 4 + 1, len(values) * (i + 1) // 4)]) for i in range(4)]


def heap(path):
    """What the heap said of itself."""
    with open(path) as file:
        lines = [[int(part) for part in line.split(",")] for line in file]
    for name, place in ("in use", 1), ("freed and kept", 2):
        print(f"heap {name}, medians of the quarters: " + ", ".join(f"{part / 2**20:.1f}" for part in quarters([line[place] for line in lines])) + " MiB")


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
    largest = [max(sample[0] for sample in part) for part in (early, late)]
    memory = [statistics.median(sample[0] for sample in part) for part in (early, late)]
    # What leaks does not go away, unlike the threads and files of a kNN score that a slow program has in one quarter and not in another.
    threads = [min(sample[1] for sample in part) for part in (early, late)]
    files = [min(sample[2] for sample in part) for part in (early, late)]
    parts = quarters([epoch["images_per_second"] for epoch in epochs])
    print(f"{seconds:.0f} s, {len(epochs)} epochs, {sum(faults.values())} faults ({', '.join(f'{v} {k}' for k, v in sorted(faults.items()))})")
    print(f"{len(listed)} images listed in quarantine.jsonl, {len({r['name'] for r in listed})} of them different")
    print(f"resident memory, largest in the second and in the last quarter: {largest[0]:.1f} and {largest[1]:.1f} MiB")
    for name, place in ("resident memory", 0), ("no file's pages", 6):
        print(f"{name}, medians of the quarters: " + ", ".join(f"{part:.1f}" for part in quarters([sample[place] for sample in samples])) + " MiB")
    print(f"threads, fewest in these: {threads[0]} and {threads[1]}, descriptors {files[0]} and {files[1]}")
    print("images a second, medians of the quarters: " + ", ".join(f"{part:.0f}" for part in parts))
    rates, costs = pace(samples)
    # Of fewer minutes a trend says nothing.
    if len(rates) >= 10:
        print("images a second, by minutes: " + course(rates, "a second"))
        print("processor time an image, by minutes: " + course(costs, "ms"))
    wrong = []
    # Of a machine that does other things the wall's clock says little, and the processor's not much more.
    if len(costs) >= 10 and statistics.median(costs[-len(costs) // 4:]) > 1.5 * statistics.median(costs[len(costs) // 4:len(costs) // 2]):
        wrong.append("the time an image takes")
    # In a short run the first large picture may come late.
    short = seconds < 60
    if memory[1] > memory[0] * 1.05 + (64 if short else 8):
        wrong.append("memory")
    if threads[1] > threads[0]:
        wrong.append("threads")
    if files[1] > files[0]:
        wrong.append("descriptors")
    if len(listed) != len({r["name"] for r in listed}) or not listed and not short:
        wrong.append("the list of images")
    if wrong:
        sys.exit("grows, or is wrong: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
