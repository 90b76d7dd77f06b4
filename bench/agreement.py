#!/usr/bin/python3
"""agreement.py TRAINER RANGER_SCRIPT ROOM: for bench/agreement.sh, which says what it compares."""
import math
import pathlib
import subprocess
import sys

import numpy as np
from sklearn.datasets import make_classification, make_hastie_10_2, make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

TREES, DEPTH = 100, 12
MOST_BELOW = 0.005  # a peer; above one there is no bound: smoothed leaves rank more finely
MOST_ROWS = 120_000  # over all rounds of a table; small tables need more rounds for a steady mean

trainer, ranger_script, room = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


def read(path):
    data = np.genfromtxt(path, delimiter=",", skip_header=1)
    return np.nan_to_num(data[:, :-1], nan=-1), data[:, -1].astype(int)


def tables():
    yield "blobs", *make_classification(8000, 20, n_informative=8, n_redundant=4, flip_y=0.1,
                                        weights=[0.9], class_sep=0.7, random_state=1)
    yield "moons", *make_moons(6000, noise=0.35, random_state=2)
    rows, labels = make_hastie_10_2(6000, random_state=3)
    yield "hastie", rows, (labels > 0).astype(int)
    for path in sorted((room / "tables").glob("*.csv")):
        yield path.stem, *read(path)


def write(path, rows, labels):
    header = ",".join([f"x{i}" for i in range(rows.shape[1])] + ["label"])
    np.savetxt(path, np.column_stack([rows, labels]), delimiter=",", fmt="%.9g", header=header,
               comments="")


def area(labels, path):
    return roc_auc_score(labels, np.genfromtxt(path, skip_header=1))


def compare(rows, labels):
    """Each one's AUC, a row for each split."""
    rows = rows.astype(np.float32)
    rounds = int(np.clip(MOST_ROWS // len(rows), 5, 40))
    tried = math.ceil(math.sqrt(rows.shape[1]))
    splits, areas = [], []
    for i in range(rounds):
        split = train_test_split(rows, labels, test_size=0.3, stratify=labels, random_state=i)
        train, test, train_labels, test_labels = split
        write(room / f"train.{i}.csv", train, train_labels)
        write(room / f"test.{i}.csv", test, test_labels)
        splits.append(split)
    subprocess.run(["Rscript", ranger_script, room, str(rounds), str(TREES), str(DEPTH),
                    str(tried)], check=True)
    for i, (train, test, train_labels, test_labels) in enumerate(splits):
        subprocess.run([trainer, "table", "--model", "forest", "--label", "label", "--trees",
                        str(TREES), "--depth", str(DEPTH), "--leaf", "1", "--seed", str(i + 1),
                        "--train", room / f"train.{i}.csv", "--test", room / f"test.{i}.csv",
                        "--out", room / f"ours.{i}.csv"], check=True, stdout=subprocess.DEVNULL)
        forest = RandomForestClassifier(TREES, max_depth=DEPTH, max_features=tried, n_jobs=-1,
                                        random_state=i).fit(train, train_labels)
        areas.append([area(test_labels, room / f"ours.{i}.csv"),
                      roc_auc_score(test_labels, forest.predict_proba(test)[:, 1]),
                      area(test_labels, room / f"ranger.{i}.csv")])
    return np.array(areas)


failed = False
print(f"random forests of {TREES} trees, depth {DEPTH}, leaves of 1 row and more; mean AUC")
print(f"{'table':12}{'rows':>7}{'columns':>8}{'splits':>7}{'ours':>9}{'scikit':>9}{'ranger':>9}"
      f"{'apart':>9}{'apart':>9}{'error':>8}")
for name, rows, labels in tables():
    areas = compare(rows, labels)
    ours, scikit, ranger = areas.mean(axis=0)
    apart = [ours - scikit, ours - ranger]
    # Of the larger of both differences, over the splits.
    error = np.std(areas[:, :1] - areas[:, 1:], axis=0, ddof=1).max() / math.sqrt(len(areas))
    print(f"{name:12}{len(rows):7}{rows.shape[1]:8}{len(areas):7}{ours:9.4f}{scikit:9.4f}"
          f"{ranger:9.4f}{apart[0]:9.4f}{apart[1]:9.4f}{error:8.4f}", flush=True)
    if min(apart) < -MOST_BELOW:
        print(f"{name}: more than {MOST_BELOW} below a peer", file=sys.stderr)
        failed = True
sys.exit(failed)
