"""Opens a table of a million rows, and measures how long that takes and how much memory a row takes.

    python3 Benchmarks/tables/tables.py [--rows 1000000] [--rounds 5] [--diptych .build/release/diptych]

Writes, in a temporary folder, a thousand small PNG files in one folder, a thousand folders that are links to it, and tables as CSV, TSV
and JSON lines that name each file by each folder, so that all paths differ and all files exist. Every row has a label, one to three
labels, a value, a split and a group. A table of a thousand rows beside each shows what the program takes anyway, and is subtracted.

The time is that of `diptych views TABLE --count 2`, from the start of the process to its end, and that of the processor, which a busy
machine changes less. The memory is what is resident while
`diptych bench TABLE` makes views of the opened table, and the most that was resident before.
"""
import argparse, json, os, random, resource, statistics, struct, subprocess, sys, tempfile, time, zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PIPELINE = "views: {branches: [{count: 2, size: 8, steps: [resized_crop]}]}\n"
COLUMNS = ["path", "label", "labels", "value", "split", "group"]


def png(color):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(color) * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_images(folder):
    chance = random.Random(0)
    os.mkdir(f"{folder}/000")
    for index in range(1000):
        with open(f"{folder}/000/image_{index:07}.png", "wb") as file:
            file.write(png([chance.randrange(256) for _ in range(3)]))
    for index in range(1, 1000):
        os.symlink("000", f"{folder}/{index:03}")


def rows(count):
    chance = random.Random(0)
    for index in range(count):
        labels = [f"tag {chance.randrange(100)}" for _ in range(chance.randint(1, 3))]
        yield [
            f"{index % 1000:03}/image_{index // 1000:07}.png", f"class {chance.randrange(1000)}", labels, round(chance.random(), 4),
            "train" if chance.random() < 0.8 else "test", f"patient {chance.randrange(20000)}"
        ]


def write_table(path, count):
    with open(path, "w") as file:
        separator = "\t" if path.endswith(".tsv") else ","
        if not path.endswith(".jsonl"):
            file.write(separator.join(COLUMNS) + "\n")
        for row in rows(count):
            if path.endswith(".jsonl"):
                file.write(json.dumps(dict(zip(COLUMNS, row))) + "\n")
            else:
                file.write(separator.join([row[0], row[1], "|".join(row[2])] + [str(value) for value in row[3:]]) + "\n")


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")


def opening(options, table, folder):
    """Seconds by the clock and of the processor."""
    def clocks():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), used.ru_utime + used.ru_stime

    begun = clocks()
    run([options.diptych, "views", table, "--pipeline", f"{folder}/p.yaml", "--count", "2", "--output", f"{folder}/sheet.png"])
    return [end - start for end, start in zip(clocks(), begun)]


def memory(options, table, folder):
    """Bytes that are resident once views are made, and the most that were."""
    process = subprocess.Popen(
        [options.diptych, "bench", table, "--pipeline", f"{folder}/p.yaml", "--seconds", str(options.seconds), "--threads", "1", "--json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = (0, 0)
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as file:
                status = dict(line.split(":", 1) for line in file)
            found = tuple(int(status[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM"))
        except (OSError, KeyError):
            pass
        time.sleep(0.02)
    if process.returncode != 0:
        sys.exit(f"{table}: diptych bench failed")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--diptych", default=f"{ROOT}/.build/release/diptych")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_images(folder)
        with open(f"{folder}/p.yaml", "w") as file:
            file.write(PIPELINE)
        endings = ["csv", "tsv", "jsonl"]
        for ending in endings:
            write_table(f"{folder}/large.{ending}", options.rows)
            write_table(f"{folder}/small.{ending}", 1000)
        print("| table | size | opened in | of the processor | resident a row | at most a row |\n| --- | --- | --- | --- | --- | --- |")
        times = {ending: [] for ending in endings}
        for _ in range(options.rounds):
            for ending in endings:
                large, small = (opening(options, f"{folder}/{name}.{ending}", folder) for name in ("large", "small"))
                times[ending].append([one - other for one, other in zip(large, small)])
        for ending in endings:
            path = f"{folder}/large.{ending}"
            large, small = memory(options, path, folder), memory(options, f"{folder}/small.{ending}", folder)
            taken = [(one - other) / options.rows for one, other in zip(large, small)]
            clock, processor = (statistics.median(each) for each in zip(*times[ending]))
            print(
                f"| .{ending} | {os.path.getsize(path) / 1e6:.0f} MB | {clock:.2f} s | {processor:.2f} s "
                f"| {taken[0]:.0f} bytes | {taken[1]:.0f} bytes |", flush=True)


if __name__ == "__main__":
    main()
