"""NT-Xent values and gradients, from the formula written out term by term.

Rows z_1..z_2N are the first views, then the second views; row i's positive is i + N mod 2N. With s(i, j) = <z_i, z_j> /
tau, the loss is the mean over the 2N anchors of -s(i, i+) + log sum_{j != i} e^{s(i, j)}, in nats. "normalised" divides
each row by max(|z|, 1e-12) inside the graph, so its gradient is tangent to the sphere; otherwise rows are used as
given. Read z1 and z2 as they stand (each is exact in float32). Values and gradients are float64; terms are summed in
extended precision, which holds e^{s} for every case here without subtracting a maximum. `float32_error` is the largest
deviation, relative to the largest reference entry, of PyTorch's log_softmax in float32: [value, gradient].
"""

import numpy as np
import torch

from common import hashed, versions, write

LONG = np.longdouble


def literal(z, tau):
    """The mean loss over anchors and its gradient by the rows of z, [2N, d]."""
    z = z.astype(LONG)
    count = len(z)
    total = LONG(0)
    gradient = np.zeros_like(z)
    for i in range(count):
        positive = (i + count // 2) % count
        terms = {j: np.exp(np.dot(z[i], z[j]) / LONG(tau)) for j in range(count) if j != i}
        candidates = sum(terms.values())
        total += np.log(candidates) - np.dot(z[i], z[positive]) / LONG(tau)
        for j, term in terms.items():
            slope = (term / candidates - (j == positive)) / LONG(tau) / count
            gradient[i] += slope * z[j]
            gradient[j] += slope * z[i]
    return total / count, gradient


def reference(rows, tau, normalised):
    if not normalised:
        value, gradient = literal(rows, tau)
        return float(value), gradient.astype(np.float64)
    rows = rows.astype(LONG)
    lengths = np.maximum(np.sqrt((rows * rows).sum(axis=1, keepdims=True)), LONG(1e-12))
    unit = rows / lengths
    value, gradient = literal(unit, tau)
    tangent = gradient - (gradient * unit).sum(axis=1, keepdims=True) * unit
    return float(value), (tangent / lengths).astype(np.float64)


def pytorch(rows, tau, normalised, kind):
    z = torch.tensor(rows, dtype=kind, requires_grad=True)
    unit = torch.nn.functional.normalize(z, dim=1, eps=1e-12) if normalised else z
    scores = (unit @ unit.T / tau).masked_fill(torch.eye(len(rows), dtype=torch.bool), -torch.inf)
    target = torch.arange(len(rows)).roll(len(rows) // 2)
    loss = torch.nn.functional.cross_entropy(scores, target)
    loss.backward()
    return loss.item(), z.grad.double().numpy()


def error(found, expected):
    return [
        abs(found[0] - expected[0]) / max(abs(expected[0]), 1e-3),
        float(np.abs(found[1] - expected[1]).max() / max(np.abs(expected[1]).max(), 1e-3)),
    ]


def main():
    cases = []
    inputs = []
    shapes = [(1, 4), (2, 3), (5, 8), (12, 16)]
    for index, (pairs, size) in enumerate(shapes):
        noise = np.round(hashed(2 * pairs * size, 50 + index).reshape(2, pairs, size) * 64) / 64
        # Second views lean on the first, as in training.
        inputs.append((f"{pairs}x{size}", noise[0], np.round((0.25 * noise[0] + 0.75 * noise[1]) * 256) / 256))
    same = np.tile(np.round(hashed(6, 60) * 64) / 64, (5, 1))
    inputs.append(("equal", same, same))
    for name, first, second in inputs:
        rows = np.concatenate([first, second])
        assert np.array_equal(rows, rows.astype(np.float32))
        for normalised in [True, False]:
            for tau in [0.01, 0.1, 0.5, 1.0]:
                value, gradient = reference(rows, tau, normalised)
                check = error(pytorch(rows, tau, normalised, torch.float64), (value, gradient))
                assert max(check) < 1e-9, (name, tau, normalised, check)
                value = 0.0 if abs(value) < 1e-15 else value
                cases.append(
                    {
                        "input": name,
                        "tau": tau,
                        "normalised": normalised,
                        "loss": value,
                        "float32_error": error(pytorch(rows, tau, normalised, torch.float32), (value, gradient)),
                        "grad1": gradient[: len(first)],
                        "grad2": gradient[len(first) :],
                    }
                )
        if name == "equal":
            assert all(abs(case["loss"] - np.log(9)) < 1e-12 for case in cases if case["input"] == "equal")
    for case in cases:
        case["float32_error"] = [float(f"{item:.1e}") for item in case["float32_error"]]
        # A gradient that is zero but for rounding is recorded as zero.
        for key in ["grad1", "grad2"]:
            case[key] = np.where(np.abs(case[key]) < 1e-15, 0.0, case[key])
        print(case["input"], case["tau"], case["normalised"], case["loss"], case["float32_error"])
    write(
        "nt_xent.json",
        {
            "versions": versions("numpy", "torch"),
            "inputs": [{"name": name, "z1": first, "z2": second} for name, first, second in inputs],
            "cases": cases,
        },
        digits=10,
    )


main()
