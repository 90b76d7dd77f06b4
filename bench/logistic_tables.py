#!/usr/bin/python3
"""logistic_tables.py DIRECTORY: the tables that bench/logistic.sh makes itself."""
import pathlib
import sys

import numpy as np
from sklearn.datasets import make_classification

directory = pathlib.Path(sys.argv[1])
random = np.random.default_rng(1)


def write(name, rows, labels):
    header = ",".join([f"x{i}" for i in range(rows.shape[1])] + ["label"])
    text = np.char.mod("%.9g", rows.astype(np.float32))
    text[np.isnan(rows)] = ""
    np.savetxt(directory / f"{name}.csv", np.column_stack([text, labels.astype(str)]),
               delimiter=",", fmt="%s", header=header, comments="")


rows, labels = make_classification(5000, 12, n_informative=6, n_redundant=2, flip_y=0.05,
                                   random_state=1)
write("plain", rows, labels)
holes = rows.copy()
holes[random.random(rows.shape) < 0.1] = np.nan
write("missing", holes, labels)
# Columns from 1e-12 to 1e10 wide, each a hundred of its widths away from 0.
write("scaled", (rows + 100) * 10.0 ** np.linspace(-12, 10, rows.shape[1]), labels)
# Labels that the columns part without error: only the penalty keeps the coefficients finite.
parted = random.normal(size=(400, 4))
side = parted[:, 0] + parted[:, 1]
write("parted", parted[abs(side) > 0.3], (side[abs(side) > 0.3] > 0).astype(int))
# One label in two hundred, and columns that nearly repeat each other.
rare = random.normal(size=(20000, 6))
rare[:, 5] = rare[:, 4] + random.normal(size=len(rare)) * 0.01
chance = 1 / (1 + np.exp(7 - 1.5 * rare[:, 0] - rare[:, 4]))
write("rare", rare, (random.random(len(rare)) < chance).astype(int))
