"""Kills a training again and again at random instants, resumes it each time, and compares its result with that of a run that was
never stopped: the encoder's file must be the same, byte for byte, and so must every number of the logs that is no time.

    python3 Benchmarks/resume/kill.py --kills 100          # needs `swift build --configuration release` and nothing else

    python3 Benchmarks/resume/kill.py --full-disk /mnt --kills 20

does the same with full disks: /mnt is a small file system of its own (`mount -t tmpfs -o size=70m tmpfs /mnt`), which is filled
at random instants. The run must then end by itself, saying so, and go on when there is room.

A kill is SIGKILL, which no program can answer. Every second one waits for a checkpoint that is being written (a file aside in
checkpoints/), so that kills inside of a write are not left to luck. Checkpoints are written after every step or two.
"""
import argparse, glob, hashlib, json, os, random, shutil, signal, struct, subprocess, sys, tempfile, time, zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PIPELINE = """
views: {branches: [{count: 2, size: 16, steps: [resized_crop, horizontal_flip, color_jitter]}]}
encoder: {resnet18: {width: 16, stem: small}}
method: {moco: {queue: 64, norm_groups: 2, momentum: {from: 0.9, to: 1}, head: {mlp: {output: 16}}}}
training: {epochs: %d, batch_size: 8, seed: 3, log_every: 1, checkpoint_every: %d, keep: 3, optimizer: {adamw: {lr: 0.001}}}
evaluation: {knn_every: 1}
"""


def png(path, seed, shift):
    """A picture of 24 by 24 pixels of noise on a colour."""
    noise = random.Random(seed)
    rows = b"".join(
        b"\0" + bytes(noise.randrange(100) + (120 if channel == shift else 0) for _ in range(24) for channel in range(3))
        for _ in range(24))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def metrics(run):
    """The lines of metrics.jsonl without what depends on the clock, or on having seen an epoch's last batch."""
    timed = {"seconds", "images_per_second", "data_wait", "alignment", "uniformity", "effective_rank"}
    with open(f"{run}/metrics.jsonl") as file:
        return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in file]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--checkpoint-every", type=int, default=1)
    parser.add_argument("--full-disk", metavar="FOLDER", help="a small file system that is filled instead of kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--diptych", default=f"{ROOT}/.build/release/diptych")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    home = tempfile.mkdtemp(prefix="diptych-kill-")
    try:
        for label, name in enumerate(["red", "green", "blue"]):
            os.makedirs(f"{home}/images/{name}")
            for index in range(20):
                png(f"{home}/images/{name}/{index}.png", label * 100 + index, label)
        with open(f"{home}/pipeline.yaml", "w") as file:
            file.write(PIPELINE % (options.epochs, options.checkpoint_every))
        train = [options.diptych, "train", f"{home}/images", "--threads", "1"]
        new = ["--pipeline", f"{home}/pipeline.yaml"]
        begun = time.monotonic()
        subprocess.run(train + new + ["--output", f"{home}/whole"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        whole = time.monotonic() - begun
        if options.full_disk:
            fill(options, home, train, new, chance)
            return
        run = f"{home}/killed"
        kills = writes = early = starts = 0
        while True:
            # A run that was killed before it had written its configuration has not begun.
            resume = ["--resume"] if os.path.exists(f"{run}/config.yaml") else new
            starts += 1
            with open(f"{home}/errors", "w") as errors:
                process = subprocess.Popen(train + resume + ["--output", run], stdout=subprocess.DEVNULL, stderr=errors)
                if kills < options.kills:
                    # Up to half of the whole run, from the program's very first instant on.
                    end = time.monotonic() + chance.uniform(0, min(whole / 2, 3.0))
                    inside = kills % 2 == 1
                    if inside:
                        end = time.monotonic() + 20
                    while process.poll() is None and time.monotonic() < end:
                        if inside and glob.glob(f"{run}/checkpoints/*.tmp"):
                            break
                        time.sleep(0.0002 if inside else 0.002)
                    if process.poll() is None:
                        process.send_signal(signal.SIGKILL)
                        process.wait()
                        kills += 1
                        writes += bool(glob.glob(f"{run}/checkpoints/*.tmp"))
                        early += not os.path.exists(f"{run}/checkpoints/last.ckpt")
                        continue
                status = process.wait()
            if status != 0:
                sys.exit(f"the run failed after {kills} kills: " + open(f"{home}/errors").read()[-500:])
            if kills >= options.kills:
                break
            # It came to its end before enough kills: a new run takes the others.
            compare(home, run)
            shutil.rmtree(run)
        same = compare(home, run)
        left = glob.glob(f"{run}/**/*.tmp", recursive=True)
        print(f"{kills} kills in {starts} starts, {writes} of them while a checkpoint was being written, {early} before the first one")
        print(f"encoder {same[:16]}..., as that of the run that was never stopped; files left aside: {len(left)}")
        sys.exit(1 if left else 0)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def fill(options, home, train, new, chance):
    """Fills a file system at random instants; the run has to end with a message, and to go on when there is room."""
    run, ballast, full, starts = f"{options.full_disk}/run", f"{options.full_disk}/ballast", 0, 0
    shutil.rmtree(run, ignore_errors=True)
    while True:
        resume = ["--resume"] if os.path.exists(f"{run}/config.yaml") else new
        starts += 1
        with open(f"{home}/errors", "w") as errors:
            process = subprocess.Popen(train + resume + ["--output", run], stdout=subprocess.DEVNULL, stderr=errors)
            end = time.monotonic() + chance.uniform(0, 3) if full < options.kills else float("inf")
            while process.poll() is None:
                if time.monotonic() > end:
                    try:
                        with open(ballast, "ab") as file:
                            for _ in range(100):
                                file.write(bytes(1 << 20))
                                file.flush()
                    except OSError:
                        pass
                time.sleep(0.005)
        said = open(f"{home}/errors").read()
        if os.path.exists(ballast):
            os.unlink(ballast)
        if process.returncode == 0:
            if full >= options.kills:
                break
            compare(home, run)
            shutil.rmtree(run)
            continue
        if process.returncode != 1 or "No space left on device" not in said.splitlines()[-1]:
            sys.exit(f"status {process.returncode}: {said[-500:]}")
        if glob.glob(f"{run}/**/*.tmp", recursive=True):
            sys.exit("something is left aside")
        full += 1
    print(f"{full} full disks in {starts} starts; encoder {compare(home, run)[:16]}..., as that of the run that was never stopped")
    shutil.rmtree(run)


def compare(home, run):
    """Ends with an error where a killed run's result is another."""
    for name in ["encoder.safetensors", "head.safetensors", "encoder-best.safetensors"]:
        if digest(f"{home}/whole/{name}") != digest(f"{run}/{name}"):
            sys.exit(f"{name} differs from that of the run that was never stopped")
    if metrics(f"{home}/whole") != metrics(run):
        sys.exit("the logged figures differ from those of the run that was never stopped")
    return digest(f"{run}/encoder.safetensors")


if __name__ == "__main__":
    main()
