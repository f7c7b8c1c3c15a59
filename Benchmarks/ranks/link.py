"""Trains with two ranks on two hosts whose link has a delay, or is cut: what a step then costs, and how the job ends.

    sudo python link.py IMAGES --delay 0 1 5 25 [--cut 20] [--diptych .build/release/diptych --batch 64 --width 16]

The hosts are two network namespaces of this machine. Each has a TUN device, and this program carries the packets from one to the
other, each after the delay (milliseconds one way): so it needs no traffic control of the kernel, only root. With --cut it carries
none from that many seconds on; the job has to end by itself, and the seconds until then are printed. Prints a table.
"""

import argparse
import fcntl
import os
import re
import selectors
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTS = [("diptych-a", "10.77.0.1"), ("diptych-b", "10.77.0.2")]
SETIFF, TUN, PLAIN = 0x400454CA, 0x0001, 0x1000
PIPELINE = """
views: {branches: [{count: 2, size: 32, steps: [resized_crop, horizontal_flip]}]}
encoder: {resnet18: {stem: small, width: %d}}
training: {epochs: %d, batch_size: %d}
evaluation: {knn_every: 0, diagnose_every: 0}
"""


def call(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


class Link(threading.Thread):
    """Two hosts and what carries packets between them."""

    def __init__(self, delay):
        super().__init__(daemon=True)
        self.delay, self.ends, self.carries, self.running = delay, [], True, True
        for place, (host, address) in enumerate(HOSTS):
            call("ip", "netns", "del", host, check=False)
            call("ip", "netns", "add", host)
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, SETIFF, struct.pack("16sH", f"diptych{place}".encode(), TUN | PLAIN))
            self.ends.append(end)
            inside = ["ip", "netns", "exec", host, "ip"]
            call("ip", "link", "set", f"diptych{place}", "netns", host)
            call(*inside, "link", "set", "lo", "up")
            # Large packets: this program has to handle each.
            call(*inside, "link", "set", f"diptych{place}", "mtu", "65000", "up")
            call(*inside, "addr", "add", address, "peer", HOSTS[1 - place][1], "dev", f"diptych{place}")

    def run(self):
        selector = selectors.DefaultSelector()
        for place, end in enumerate(self.ends):
            selector.register(end, selectors.EVENT_READ, place)
        waiting = deque()
        while self.running:
            rest = waiting[0][0] - time.monotonic() if waiting else 0.2
            for key, _ in selector.select(max(0, rest)):
                try:
                    while True:
                        packet = os.read(key.fd, 65536)
                        if self.carries:
                            waiting.append((time.monotonic() + self.delay, self.ends[1 - key.data], packet))
                except OSError:
                    pass
            while waiting and waiting[0][0] <= time.monotonic():
                _, end, packet = waiting.popleft()
                if self.carries:
                    try:
                        os.write(end, packet)
                    except OSError:
                        pass

    def close(self):
        self.running = False
        self.join()
        for end in self.ends:
            os.close(end)
        for host, _ in HOSTS:
            call("ip", "netns", "del", host, check=False)


def train(arguments, delay, cut=None):
    link = Link(delay / 1000)
    link.start()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Path(folder) / "pipeline.yaml"
        pipeline.write_text(PIPELINE % (arguments.width, 1000 if cut else 1, arguments.batch))
        ranks = []
        for rank, (host, address) in enumerate(HOSTS):
            variables = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": HOSTS[0][1], "MASTER_PORT": "29511",
                         "LOCAL_WORLD_SIZE": "2", "DIPTYCH_TIMEOUT": str(arguments.timeout)}
            command = ["ip", "netns", "exec", host, str(arguments.diptych), "train", str(arguments.images), "--pipeline", str(pipeline),
                       "--output", str(Path(folder) / "run"), "--threads", "1"]
            ranks.append(subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        if cut:
            time.sleep(cut)
            link.carries = False
            start = time.monotonic()
        said = [rank.communicate()[0] for rank in ranks]
        took = time.monotonic() - start if cut else None
    link.close()
    return [rank.returncode for rank in ranks], said, took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("--delay", type=float, nargs="*", default=[0, 1, 5, 25], help="milliseconds one way")
    parser.add_argument("--cut", type=float, help="seconds after which the link carries nothing")
    parser.add_argument("--timeout", type=float, default=10, help="DIPTYCH_TIMEOUT")
    parser.add_argument("--diptych", type=Path, default=ROOT / ".build/release/diptych")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, default=16)
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        print("link: needs root, the command ip and /dev/net/tun: the hosts are network namespaces", file=sys.stderr)
        return 2
    print("| delay one way, ms | exit | loss of the epoch | MB a step | of a step in collectives, ms | images/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for delay in arguments.delay:
        codes, said, _ = train(arguments, delay)
        last = re.search(r"^epoch 1  loss (\S+).*  (\S+) images/s", said[0], re.M)
        cost = re.search(r"([0-9.]+) MB and ([0-9.]+) ms a step in collectives", said[0])
        if not last or not cost:
            print(f"link: {said[0].strip().splitlines()[-1:]} {said[1].strip().splitlines()[-1:]}", file=sys.stderr)
            return 1
        print(f"| {delay:g} | {codes[0]}, {codes[1]} | {last[1]} | {cost[1]} | {cost[2]} | {last[2]} |", flush=True)
    if arguments.cut:
        codes, said, took = train(arguments, arguments.delay[-1] if arguments.delay else 0, arguments.cut)
        print(f"\nCut after {arguments.cut:g} s: exit {codes[0]}, {codes[1]} within {took:.1f} s (timeout {arguments.timeout:g} s)")
        for text in said:
            print(f"- {text.strip().splitlines()[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
