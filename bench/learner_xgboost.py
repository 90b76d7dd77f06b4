#!/usr/bin/env python3
"""XGBoost on a table of bench/make_table; prints one line of JSON, and may save the model.

A forest is its random-forest mode: one round of parallel trees on squared error, that is the mean
label of each leaf, split by variance, which on 0 and 1 is Gini's criterion; the same smallest leaf
and columns tried as ours. Boosted trees are its own with lambda 1 and a rate of 0.1, as ours. Only
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
UNLIMITED = 1024  # the deepest that ours can be told to go; XGBoost says 0


def load(path):
    return numpy.fromfile(path, dtype=numpy.float32).reshape(-1, COLUMNS + 1)


def forest_parameters(trees, mean):
    return {
        "objective": "reg:squarederror",
        "num_parallel_tree": trees,
        "min_child_weight": 5,
        "learning_rate": 1,
        "reg_lambda": 0,
        "subsample": 0.632,
        "colsample_bynode": math.ceil(math.sqrt(COLUMNS)) / COLUMNS,
        "base_score": mean,
    }


BOOSTED_PARAMETERS = {"objective": "binary:logistic", "learning_rate": 0.1, "reg_lambda": 1}


def main(train_path, test_path, model, depth, trees, threads, save_path=None):
    train = load(train_path)
    rows = xgboost.DMatrix(train[:, :-1], label=train[:, -1], nthread=threads)
    mean = float(train[:, -1].mean())
    del train
    is_forest = model == "forest"
    parameters = forest_parameters(trees, mean) if is_forest else dict(BOOSTED_PARAMETERS)
    parameters |= {
        "tree_method": "hist",
        "max_bin": 255,
        "max_depth": 0 if depth == UNLIMITED else depth,
        "nthread": threads,
        "seed": 1,
    }
    start = time.perf_counter()
    learned = xgboost.train(parameters, rows, num_boost_round=1 if is_forest else trees)
    seconds = time.perf_counter() - start
    if save_path is not None:
        learned.save_model(save_path)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    test = load(test_path)
    scores = learned.predict(xgboost.DMatrix(test[:, :-1], nthread=threads))
    labels = test[:, -1]
    print(json.dumps({
        "auc": roc_auc_score(labels, scores),
        "average_precision": average_precision_score(labels, scores),
        "logloss": log_loss(labels, numpy.clip(scores.astype(float), 1e-15, 1 - 1e-15)),
        "fit_seconds": seconds,
        "peak_kb": peak_kb,
    }))


main(*sys.argv[1:4], *map(int, sys.argv[4:7]), *sys.argv[7:])
