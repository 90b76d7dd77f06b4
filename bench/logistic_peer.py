#!/usr/bin/python3
"""Compares logistic_figures with scikit-learn on a CSV: logistic_peer.py PROGRAM FILE.csv PENALTY"""
import subprocess
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

program, path, penalty = sys.argv[1], sys.argv[2], float(sys.argv[3])
ours = subprocess.run([program, path, str(penalty)], check=True, capture_output=True, text=True)
fields = [float(field) for field in ours.stdout.split()]
steps, ours_ms, found = int(fields[1]), fields[2], np.array(fields[3:])

# Floats, as the program reads them.
data = np.genfromtxt(path, delimiter=",", skip_header=1).astype(np.float32).astype(np.float64)
labels = data[:, -1].astype(int)
warnings.simplefilter("ignore")  # of its line search, which rounding ends close to the minimum
start = time.monotonic()
columns = np.nan_to_num(StandardScaler().fit_transform(data[:, :-1]), nan=0)
model = LogisticRegression(C=1 / penalty, tol=1e-7, max_iter=100, solver="newton-cg")
model.fit(columns, labels)
theirs_ms = (time.monotonic() - start) * 1e3
expected = np.concatenate([model.intercept_, model.coef_[0]])
worst = np.max(np.abs(found - expected) / np.maximum(0.01, np.abs(expected)))
print(f"{path.rsplit('/', 1)[-1]:18} penalty {penalty:<6g} {steps} steps, {ours_ms:.1f} ms; "
      f"scikit-learn {theirs_ms:.1f} ms; largest difference {worst:.1e}")
sys.exit(0 if worst < 5e-5 else 1)
