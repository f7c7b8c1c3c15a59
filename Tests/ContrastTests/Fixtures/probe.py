"""Linear probe and weighted kNN scores on two synthetic problems.

Read `train` and `test` as float32, then compute in float64. `linear`: features standardised by the training rows' mean
and population deviation (a deviation of 0 becomes 1, so a constant feature turns 0 and its weight 0), then
scikit-learn's LogisticRegression(C), lbfgs: it minimises 1/2 |w|^2 + C * sum of log losses, intercepts unpenalised.
`objective` is that value, `weights` is [classes, features] over standardised features; `intercepts` are fixed only up
to a shift and sum to 0 here. A solver's own convergence shows as objective within 1e-6 relative, weights within 1e-3;
`margin` is the smallest gap between the two highest test scores, so predictions are safe. `knn` works on the features
as given: cosine, the k nearest training rows, class score sum of e^{cos/T}; `scores` holds the first 8 test rows';
`gap` is the smallest distance in cosine between the k-th and the next neighbour (null where all vote) and `margin` the
smallest relative gap between the two highest scores, so that ties do not matter. Classes that no neighbour has score 0.
`top5` counts rows whose class is among the five highest scores (ties by lower class). Confusion is [true][predicted].
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from common import versions, write


def problem(seed, rows, held_out, size, classes, spread):
    """Gaussian clusters whose last feature is constant and last but one is tiny (times 1/1000) around an offset."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(classes, size)) * spread
    labels = np.concatenate(
        [random.permutation(np.arange(rows) % classes), random.permutation(np.arange(held_out) % classes)]
    )
    # Some mixing of features, so that the optimum is not axis by axis.
    mixing = np.eye(size) + 0.3 * random.normal(size=(size, size)) / np.sqrt(size)
    features = (centres[labels] + random.normal(size=(rows + held_out, size))) @ mixing
    features = np.round(features, 2)
    features[:, -2] = np.round(features[:, -2] * 1e-3 + 0.02, 5)
    features[:, -1] = 0.75
    return features[:rows], labels[:rows], features[rows:], labels[rows:]


def summary(scores, labels):
    """Top-1, top-5, per-class accuracy and confusion of [rows, classes] scores."""
    order = np.argsort(-scores, axis=1, kind="stable")
    classes = scores.shape[1]
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (labels, order[:, 0]), 1)
    return {
        "predictions": order[:, 0],
        "top1": float((order[:, 0] == labels).mean()),
        "top5": float((order[:, :5] == labels[:, None]).any(axis=1).mean()),
        "per_class": np.diag(confusion) / confusion.sum(axis=1),
        "confusion": confusion,
    }


def linear(train, train_labels, test, test_labels, C):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation < 1e-12] = 1
    train, test = (train - mean) / deviation, (test - mean) / deviation
    # Ten digits of the optimum need more than the default tolerance.
    model = LogisticRegression(C=C, tol=1e-12, max_iter=100_000).fit(train, train_labels)
    hot = np.eye(model.coef_.shape[0])[train_labels]

    def objective(parameters):
        matrix = parameters.reshape(len(model.coef_), -1)
        weights, bias = matrix[:, :-1], matrix[:, -1]
        logits = train @ weights.T + bias
        highest = logits.max(axis=1, keepdims=True)
        log_sum = highest + np.log(np.exp(logits - highest).sum(axis=1, keepdims=True))
        residual = C * (np.exp(logits - log_sum) - hot)
        gradient = np.column_stack([residual.T @ train + weights, residual.sum(axis=0)])
        return (weights**2).sum() / 2 + C * (log_sum[:, 0] - (logits * hot).sum(axis=1)).sum(), gradient.ravel()

    start = np.column_stack([model.coef_, model.intercept_]).ravel()
    value, gradient = objective(start)
    # An independent solver from the same point must find nothing lower: the figure is the optimum's.
    better = minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10_000}
    )
    assert value - better.fun < 1e-8 * value, (value, better.fun)
    scores = model.decision_function(test)
    ranked = np.sort(scores, axis=1)
    return {
        "C": C,
        "objective": value,
        "gradient_norm": float(np.linalg.norm(gradient)),
        "weights": model.coef_,
        "intercepts": model.intercept_ - model.intercept_.mean(),
        "train_top1": float((model.predict(train) == train_labels).mean()),
        "margin": float((ranked[:, -1] - ranked[:, -2]).min()),
        **summary(scores, test_labels),
    }


def knn(train, train_labels, test, test_labels, classes, k, temperature):
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = unit(test) @ unit(train).T
    scores = np.zeros((len(test), classes))
    gap = np.inf
    for row in range(len(test)):
        order = np.argsort(-similarity[row])
        for neighbour in order[:k]:
            scores[row, train_labels[neighbour]] += np.exp(similarity[row, neighbour] / temperature)
        if k < len(train):
            gap = min(gap, similarity[row, order[k - 1]] - similarity[row, order[k]])
    ranked = np.sort(scores, axis=1)
    margin = float((1 - ranked[:, -2] / ranked[:, -1]).min())
    return {
        "k": k,
        "temperature": temperature,
        "gap": gap if np.isfinite(gap) else None,
        "margin": margin,
        "scores": scores[:8],
        **summary(scores, test_labels),
    }


def single(rows):
    return rows.astype(np.float32).astype(np.float64)


def main():
    problems = []
    for name, shape in {
        "a": dict(seed=1, rows=300, held_out=120, size=16, classes=5, spread=0.6),
        "b": dict(seed=2, rows=200, held_out=90, size=40, classes=3, spread=0.25),
        "c": dict(seed=3, rows=240, held_out=120, size=12, classes=8, spread=0.9),
    }.items():
        train, train_labels, test, test_labels = problem(**shape)
        data = single(train), train_labels, single(test), test_labels
        entry = {
            "name": name,
            "classes": shape["classes"],
            "train": train,
            "train_labels": train_labels,
            "test": test,
            "test_labels": test_labels,
            "linear": [linear(*data, C) for C in ([1.0, 0.01] if name != "c" else [1.0])],
            "knn": [knn(*data, shape["classes"], k, t) for k, t in [(20, 0.07), (5, 0.1), (200, 0.1)]],
        }
        for result in entry["linear"]:
            print(
                name,
                {
                    key: result[key]
                    for key in ["C", "objective", "gradient_norm", "train_top1", "top1", "top5", "margin"]
                },
            )
        for result in entry["knn"]:
            print(name, {key: result[key] for key in ["k", "temperature", "gap", "margin", "top1", "top5"]})
        problems.append(entry)
    write("probe.json", {"versions": versions("scikit-learn", "scipy", "numpy"), "problems": problems}, digits=9)


main()
