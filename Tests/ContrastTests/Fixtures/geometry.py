"""Geometry of representations in float64, from the formulas as written.

`rankme`: exp of the entropy of p = s / sum s + 1e-7, s the singular values of the uncentred matrix, min(rows, columns)
of them. `effective_rank`: exp of the entropy of the normalised eigenvalues of the centred covariance (all columns of
them; 0 log 0 = 0). `participation_ratio`: (sum l)^2 / sum l^2 of the same eigenvalues (any normalisation of the
covariance gives both alike). `alignment`: mean of |z1 - z2|^alpha over rows; `uniformity`: log of the mean over pairs i
< j of e^{-t |zi - zj|^2}, each view alone, then averaged; both on L2-normalised rows. Inputs are exact in float32.
"""

import numpy as np

from common import hashed, versions, write


def entropy_rank(p):
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum()))


def spectrum(z):
    s = np.linalg.svd(z, compute_uv=False)
    centred = z - z.mean(axis=0)
    eigenvalues = np.clip(np.linalg.eigvalsh(centred.T @ centred / len(z)), 0, None)
    eigenvalues[eigenvalues < 1e-14 * eigenvalues.max()] = 0
    return {
        "rankme": entropy_rank(s / s.sum() + 1e-7),
        "effective_rank": entropy_rank(eigenvalues / eigenvalues.sum()),
        "participation_ratio": float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum()),
        "eigenvalue_shares": np.sort(eigenvalues / eigenvalues.sum())[::-1],
    }


def uniformity(z, t):
    terms = [np.exp(-t * ((z[i] - z[j]) ** 2).sum()) for i in range(len(z)) for j in range(i + 1, len(z))]
    return float(np.log(np.mean(terms)))


def main():
    grid = lambda values, step: np.round(values * step) / step
    scale = np.array([4, 2, 1, 1, 0.5, 0.25])
    matrices = {
        "tall": grid(hashed(24 * 6, 70).reshape(24, 6), 64) * scale + np.array([2, 0, 0, -1, 0, 0]),
        "wide": grid(hashed(5 * 12, 71).reshape(5, 12), 64),
        "one direction": np.outer(grid(hashed(10, 72), 16), grid(hashed(4, 73), 16)),
        "identity": np.eye(8),
    }
    z1 = grid(hashed(16 * 5, 74).reshape(16, 5), 64)
    z2 = grid(z1 + 0.3 * hashed(16 * 5, 75).reshape(16, 5), 256)
    unit = lambda z: z / np.linalg.norm(z, axis=1, keepdims=True)
    u1, u2 = unit(z1), unit(z2)
    distance = np.linalg.norm(u1 - u2, axis=1)
    for matrix in [*matrices.values(), z1, z2]:
        assert np.array_equal(matrix, matrix.astype(np.float32))
    content = {
        "versions": versions("numpy"),
        "matrices": [{"name": name, "z": z, **spectrum(z)} for name, z in matrices.items()],
        "views": {"z1": z1, "z2": z2},
        "alignment": [{"alpha": alpha, "value": float((distance**alpha).mean())} for alpha in [1, 2]],
        "uniformity": [
            {
                "t": t,
                "value": (uniformity(u1, t) + uniformity(u2, t)) / 2,
                "first": uniformity(u1, t),
                "second": uniformity(u2, t),
            }
            for t in [1, 2, 5]
        ],
    }
    for entry in content["matrices"]:
        print(entry["name"], entry["rankme"], entry["effective_rank"], entry["participation_ratio"])
    print(content["alignment"], content["uniformity"])
    write("geometry.json", content, digits=12)


main()
