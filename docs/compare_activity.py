"""Holds the activity model against gradient boosting on the same inputs.

Reads the examples that `beckon backtest activity … --export FILE` writes: one line a shopper and ten-minute
slot, with the bins that the model was given, whether the shopper was active, and what the model said.
Fits LightGBM on the fitting days (rounds chosen on the last quarter of them) and scores both on the test days.

    python3 -m venv venv && venv/bin/pip install lightgbm scikit-learn
    venv/bin/python docs/compare_activity.py FILE
"""

import csv
import sys

import lightgbm
import numpy
from sklearn.metrics import log_loss, roc_auc_score


def read(path):
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        rows = [(row[0] == "test", [int(it) for it in row[1:-2]], int(row[-2]), float(row[-1])) for row in lines]
    columns = [numpy.array([row[at] for row in rows]) for at in range(4)]
    return columns


def boosted(inputs, labels, rounds):
    model = lightgbm.LGBMClassifier(
        n_estimators=rounds, learning_rate=0.05, num_leaves=15, min_child_samples=200, verbose=-1, random_state=1
    )
    return model.fit(inputs, labels)


def main():
    test, inputs, labels, said = read(sys.argv[1])
    fit = ~test
    fitted, fitted_labels = inputs[fit], labels[fit]
    cut = len(fitted) * 3 // 4
    choices = [40, 80, 120, 160, 240, 320]
    losses = [
        log_loss(
            fitted_labels[cut:],
            boosted(fitted[:cut], fitted_labels[:cut], rounds).predict_proba(fitted[cut:])[:, 1],
        )
        for rounds in choices
    ]
    rounds = choices[int(numpy.argmin(losses))]
    other = boosted(fitted, fitted_labels, rounds).predict_proba(inputs[test])[:, 1]
    truth, own = labels[test], said[test]
    for name, predicted in [("additive Bayesian logistic", own), (f"LightGBM, {rounds} rounds", other)]:
        loss, auc = log_loss(truth, predicted), roc_auc_score(truth, predicted)
        print(f"{name:28} log loss {loss:.4f}  AUC {auc:.4f}")
    print(f"log loss beside LightGBM: {log_loss(truth, own) / log_loss(truth, other) - 1:+.2%}")


main()
