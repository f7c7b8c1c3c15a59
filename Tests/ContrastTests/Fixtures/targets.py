"""Scores of sets of labels and of numbers by scikit-learn: writes targets.json.

    pip install scikit-learn numpy && python targets.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, f1_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(7)
train, test = (np.round(random.normal(size=(n, 6)) * [1, 3, 0.2, 1, 1, 5] + 2, 3) for n in (70, 40))
directions = random.normal(size=(6, 4)) / np.array([[1], [3], [0.2], [1], [1], [5]])


def sets(rows):
    noise = random.normal(size=(len(rows), 4))
    return ((rows - 2) @ directions + noise > [0.5, 0, 1.2, -0.5]).astype(int)


labels, wanted = sets(train), sets(test)
cost = 0.3
model = make_pipeline(
    StandardScaler(), OneVsRestClassifier(LogisticRegression(C=cost, tol=1e-10, max_iter=10_000))
).fit(train, labels)
scores = model.decision_function(test)
answers = (scores > 0).astype(int)

values, truth = (np.round((rows - 2) @ directions[:, 0] + random.normal(size=len(rows)), 3) for rows in (train, test))
ridge = make_pipeline(StandardScaler(), Ridge(alpha=2.5)).fit(train, values)
found = ridge.predict(test)

# Scores with ties, on their own.
tied = np.round(scores, 0)
document = {
    "train": train.tolist(),
    "test": test.tolist(),
    "train_labels": [np.flatnonzero(row).tolist() for row in labels],
    "test_labels": [np.flatnonzero(row).tolist() for row in wanted],
    "cost": cost,
    "scores": scores.tolist(),
    "mean_average_precision": average_precision_score(wanted, scores, average="macro"),
    "macro_f1": f1_score(wanted, answers, average="macro"),
    "micro_f1": f1_score(wanted, answers, average="micro"),
    "auroc": roc_auc_score(wanted, scores, average=None).tolist(),
    "tied": tied.tolist(),
    "tied_mean_average_precision": average_precision_score(wanted, tied, average="macro"),
    "tied_auroc": roc_auc_score(wanted, tied, average=None).tolist(),
    "train_values": values.tolist(),
    "test_values": truth.tolist(),
    "penalty": 2.5,
    "predictions": found.tolist(),
    "r2": r2_score(truth, found),
    "mean_absolute_error": mean_absolute_error(truth, found),
}
Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")
