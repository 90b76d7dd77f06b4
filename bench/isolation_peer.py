#!/usr/bin/python3
"""scikit-learn's IsolationForest on a CSV, one thread: isolation_peer.py auc|speed FILE.csv"""
import sys
import time

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

what, path = sys.argv[1], sys.argv[2]
data = np.genfromtxt(path, delimiter=",", skip_header=1).astype(np.float32)
rows, labels = data[:, :-1], data[:, -1].astype(int)


def grow(seed):
    return IsolationForest(n_estimators=100, max_samples=256, random_state=seed, n_jobs=1).fit(rows)


def median_s(rounds, work):
    times = []
    for i in range(rounds):
        start = time.perf_counter()
        work(i)
        times.append(time.perf_counter() - start)
    return sorted(times)[rounds // 2]


if what == "auc":
    areas = [roc_auc_score(labels, -grow(seed).score_samples(rows)) for seed in range(10)]
    print(f"auc_mean={np.mean(areas):.4f} auc_sd={np.std(areas, ddof=1):.4f}")
else:
    forest = grow(1)
    # fit() with contamination="auto" scores nothing: growing alone is measured.
    fit_s = median_s(5, grow)
    row_s = median_s(51, lambda i: forest.score_samples(rows[i:i + 1]))
    batch_s = median_s(3, lambda i: forest.score_samples(rows))
    print(f"fit_ms={fit_s * 1e3:.2f} row_p50_us={row_s * 1e6:.0f} "
          f"rows_a_second={len(rows) / batch_s:.0f}")
