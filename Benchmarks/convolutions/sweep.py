#!/usr/bin/env python3
"""Every shape of convolution that the networks can have, forward and backward, against float64 under guarded memory.

    swift build --build-tests
    python3 Benchmarks/convolutions/sweep.py --log sweep.log [--processes 2] [--isa AVX2] [--every 1]

The shapes and the comparison are those of Tests/TorchTests/Layers/ConvolutionShapesTests.swift, of which `make test` takes one in
some hundred. A process that a shape ends goes on behind it.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import tempfile

here = pathlib.Path(__file__).resolve().parent
options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--tests", default=".build/debug/diptychPackageTests.xctest", help="the built tests")
options.add_argument("--log", required=True)
options.add_argument("--processes", type=int, default=1)
options.add_argument("--every", type=int, default=1, help="takes one shape in so many")
options.add_argument("--isa", help="DNNL_MAX_CPU_ISA, as in AVX2: oneDNN on an older processor")
options.add_argument("--tolerance", type=float, default=3e-5)
options = options.parse_args()

folder = tempfile.mkdtemp()
subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", f"{folder}/guard.so", here / "guard.c"], check=True)
environment = dict(os.environ, LD_PRELOAD=f"{folder}/guard.so", OMP_WAIT_POLICY="passive")
# Compiled kernels are memory too, and guarded blocks are few: 32,000.
environment["DNNL_PRIMITIVE_CACHE_CAPACITY"] = "16"
if options.isa:
    environment["DNNL_MAX_CPU_ISA"] = options.isa
command = [options.tests, "--testing-library", "swift-testing", "--filter", "ConvolutionShapesTests/sweep"]


def sweep(process):
    """All shapes of one process; those that ended it."""
    begin, step, ended = process * options.every, options.processes * options.every, []
    log = f"{folder}/{process}"
    while True:
        given = dict(environment, DIPTYCH_SWEEP=f"{begin}:{step}:{log}")
        result = subprocess.run(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = open(log).read().splitlines()
        if lines[-1] == "done":
            return ended
        last = [line for line in lines if line[0].isdigit()]
        if not last:
            raise SystemExit(f"the tests do not begin: {result.stderr[-2000:]}")
        ended.append(f"{result.returncode} {last[-1]} {' '.join(l for l in result.stderr.splitlines() if 'guard' in l)}")
        begin = int(last[-1].split()[0]) + step


with concurrent.futures.ThreadPoolExecutor(options.processes) as pool:
    ended = [line for lines in pool.map(sweep, range(options.processes)) for line in lines]
worst, wrong, shapes, shape = collections.defaultdict(lambda: (0, "")), [], set(), ""
with open(options.log, "w") as log:
    for process in range(options.processes):
        for line in open(f"{folder}/{process}"):
            log.write(line)
            if line[0].isdigit():
                shape = line.strip()
                shapes.add(shape)
            elif ": " in line:
                name, error = line.rsplit(": ", 1)
                worst[name] = max(worst[name], (float(error), shape))
                if not float(error) <= options.tolerance:
                    wrong.append(f"{line.strip()}: {shape}")
print(f"{len(shapes)} shapes, {len(ended)} ended the process, {len(wrong)} numbers past {options.tolerance}")
for line in ended + wrong:
    print(line)
for name in sorted(worst):
    print(f"{name}: {worst[name][0]:.1e} in {worst[name][1]}")
