"""A million images as tar shards: writes them out of a few hundred small JPEG files, and measures what a run needs before its first
step, how fast it then is, and what the order of its images is worth.

    python3 Benchmarks/shards/shards.py make cifar10/train million --images 1000000
    python3 Benchmarks/shards/shards.py measure million          # needs `swift build --configuration release`

`make` gives every image a comment of its own, so that no two files are equal, and a label, and puts them in an order drawn by chance,
as `diptych pack` does. `measure` watches `diptych` from outside, by /proc and by the lines that a run logs; with 1, 2 and 4 ranks it
starts as many processes on this machine.
"""
import argparse, glob, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PIPELINE = """
views: {branches: [{count: 2, size: 32, steps: [resized_crop, horizontal_flip]}]}
encoder: {convnet: {width: 2}}
method: {simclr: {head: {mlp: {output: 8}}}}
training: {epochs: 1, batch_size: 256, seed: 1, log_every: 1, optimizer: {sgd: {lr: 0.001}}}
evaluation: {knn_every: 0, hold_out: %s}
"""


def member(name, data):
    """A plain file of a ustar archive."""
    head = bytearray(512)
    for place, value in ((0, name.encode()), (100, b"0000644"), (108, b"0000000"), (116, b"0000000"), (124, b"%011o" % len(data)),
                         (136, b"00000000000"), (148, b" " * 8), (156, b"0"), (257, b"ustar\x0000")):
        head[place:place + len(value)] = value
    head[148:155] = b"%06o\0" % sum(head)
    return bytes(head) + data + bytes(-len(data) % 512)


def make(options):
    classes = sorted(os.listdir(options.source))
    files = []
    for label, name in enumerate(classes):
        for path in sorted(glob.glob(f"{options.source}/{name}/*.jpg"))[:options.files // len(classes)]:
            with open(path, "rb") as file:
                files.append((label, file.read()))
    if not files:
        sys.exit(f"{options.source}: has no class folders with .jpg files")
    os.makedirs(options.output, exist_ok=True)
    chance, begun, size = random.Random(0), time.monotonic(), 0
    for shard in range((options.images + options.each - 1) // options.each):
        parts = []
        if shard == 0:
            parts.append(member("classes.txt", "".join(name + "\n" for name in classes).encode()))
        for index in range(shard * options.each, min((shard + 1) * options.each, options.images)):
            label, data = chance.choice(files)
            comment = b"%010d" % index
            # After the mark of the beginning, which has two bytes.
            data = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
            parts += [member(f"{index:09}.jpg", data), member(f"{index:09}.cls", b"%d" % label)]
        with open(f"{options.output}/{shard:06}.tar", "wb") as file:
            size += file.write(b"".join(parts) + bytes(1024))
    print(f"{options.images} images of {len(files)} files, {size / 1e9:.2f} GB, {time.monotonic() - begun:.0f} s")


def memory(process, what="VmRSS"):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(what))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def logged(path):
    try:
        with open(path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def train(options, home, ranks, hold_out, steps):
    """Seconds to the listing and to the first step, MiB of resident memory at both and at the end, images a second."""
    run, errors = tempfile.mkdtemp(dir=home) + "/run", f"{home}/errors"
    with open(f"{home}/pipeline.yaml", "w") as file:
        file.write(PIPELINE % hold_out)
    port, begun = free_port(), time.monotonic()
    processes = []
    for rank in range(ranks):
        place = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks),
                 "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "DIPTYCH_TIMEOUT": "300"} if ranks > 1 else {}
        with open(errors if rank == 0 else os.devnull, "w") as said:
            processes.append(subprocess.Popen(
                [options.diptych, "train", options.images, "--pipeline", f"{home}/pipeline.yaml", "--output", run, "--threads",
                 str(options.threads), "--device", "cpu"], env={**os.environ, **place}, stdout=subprocess.DEVNULL, stderr=said))
    figures, sizes = {}, []
    while processes[0].poll() is None:
        time.sleep(0.02)
        now = time.monotonic() - begun
        if "listed" not in figures:
            with open(errors) as file:
                if " images, " in file.read():
                    figures["listed"] = now
                    figures["mib_listed"] = max(memory(process.pid) for process in processes)
        if "first" not in figures and logged(f"{run}/metrics.jsonl"):
            figures["first"] = now
            figures["mib_first"] = max(memory(process.pid) for process in processes)
        sizes = logged(f"{run}/metrics.jsonl")
        if len(sizes) >= steps:
            figures["rate"] = 256 * (len(sizes) - 1) / (now - figures["first"])
            figures["mib_end"] = max(memory(process.pid) for process in processes)
            figures["peak"] = max(memory(process.pid, "VmHWM") for process in processes)
            for process in processes:
                process.send_signal(signal.SIGTERM)
            break
    for process in processes:
        process.wait(300)
    if len(sizes) < steps:
        sys.exit("a run ended by itself: " + open(errors).read()[-500:])
    return figures


def measure(options):
    home = tempfile.mkdtemp(prefix="diptych-shards-")
    try:
        for ranks in (1, 2, 4):
            print(subprocess.run([options.diptych, "bench", options.images, "--order", "--ranks", str(ranks), "--batch", "256"],
                                 capture_output=True, text=True, check=True).stdout, flush=True)
        with open(f"{home}/pipeline.yaml", "w") as file:
            file.write(PIPELINE % 0.2)
        # What libtorch and the program need themselves is told apart by a run on the first shard.
        shards, first = options.images, sorted(glob.glob(f"{options.images}/*.tar"))[0]
        for images, ranks, hold_out in ((first, 1, 0.2), (shards, 1, 0.2), (shards, 2, 0.2), (shards, 4, 0.2)):
            options.images = images
            # A shard has fewer steps than that.
            steps = min(options.steps, 20) if images == first else options.steps
            found = train(options, home, ranks, hold_out, steps)
            print(f"{os.path.basename(images)}, {ranks} ranks: listed after {found['listed']:.2f} s, first step after {found['first']:.2f} s, "
                  f"{found['rate']:.0f} images/s in steps; resident MiB of the largest rank {found['mib_listed']:.0f}, "
                  f"{found['mib_first']:.0f}, {found['mib_end']:.0f} after {steps} steps, peak {found['peak']:.0f}", flush=True)
        bench = json.loads(subprocess.run(
            [options.diptych, "bench", shards, "--pipeline", f"{home}/pipeline.yaml", "--seconds", "10", "--threads", str(options.threads),
             "--json"], capture_output=True, text=True, check=True).stdout)
        print(f"views alone, files in memory: {bench['pairs_per_second']:.0f} pairs/s")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    tasks = parser.add_subparsers(required=True)
    task = tasks.add_parser("make")
    task.add_argument("source", help="class folders of small .jpg files")
    task.add_argument("output", help="the folder for the shards")
    task.add_argument("--images", type=int, default=1_000_000)
    task.add_argument("--each", type=int, default=10_000, help="images in a shard")
    task.add_argument("--files", type=int, default=500, help="how many files they are made of")
    task.set_defaults(task=make)
    task = tasks.add_parser("measure")
    task.add_argument("images", help="the folder of shards")
    task.add_argument("--steps", type=int, default=200)
    task.add_argument("--threads", type=int, default=1)
    task.add_argument("--diptych", default=f"{ROOT}/.build/release/diptych")
    task.set_defaults(task=measure)
    options = parser.parse_args()
    options.task(options)


if __name__ == "__main__":
    main()
