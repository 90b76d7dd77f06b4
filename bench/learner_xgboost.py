#!/usr/bin/env python3
"""XGBoost's random-forest mode on a table that bench/learner.sh made; prints one line of JSON.

One round of 100 parallel trees on squared error: the mean label of each leaf, split by variance,
which on 0 and 1 is Gini's criterion; the same depth, smallest leaf and columns tried as ours. Only
training is timed, not reading; peak memory is counted from before the table was read.
"""
import json
import math
import resource
import sys
import time

import numpy
import xgboost
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

COLUMNS = 20


def load(path):
    return numpy.fromfile(path, dtype=numpy.float32).reshape(-1, COLUMNS + 1)


def main(train_path, test_path, threads):
    train = load(train_path)
    rows = xgboost.DMatrix(train[:, :-1], label=train[:, -1], nthread=threads)
    mean = float(train[:, -1].mean())
    del train
    parameters = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "max_bin": 255,
        "num_parallel_tree": 100,
        "max_depth": 12,
        "min_child_weight": 5,
        "learning_rate": 1,
        "reg_lambda": 0,
        "subsample": 0.632,
        "colsample_bynode": math.ceil(math.sqrt(COLUMNS)) / COLUMNS,
        "base_score": mean,
        "nthread": threads,
        "seed": 1,
    }
    start = time.perf_counter()
    model = xgboost.train(parameters, rows, num_boost_round=1)
    seconds = time.perf_counter() - start
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    test = load(test_path)
    scores = model.predict(xgboost.DMatrix(test[:, :-1], nthread=threads))
    labels = test[:, -1]
    print(json.dumps({
        "auc": roc_auc_score(labels, scores),
        "average_precision": average_precision_score(labels, scores),
        "logloss": log_loss(labels, numpy.clip(scores.astype(float), 1e-15, 1 - 1e-15)),
        "fit_seconds": seconds,
        "peak_kb": peak_kb,
    }))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
