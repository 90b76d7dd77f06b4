#!/usr/bin/env python3
"""Our figure, theirs and the ratio or difference, from the lines that bench/learner.sh gathered."""
import json
import pathlib
import sys

MOST_OTHERS = 0.1  # processors; OpenMP loses far more than its share when it waits for one


def fastest(path):
    runs = [json.loads(line) for line in path.read_text().splitlines()]
    quiet = [run for run in runs if run["others"] <= MOST_OTHERS]
    if not quiet:
        least = min(run["others"] for run in runs)
        print(f"{path.name}: others kept {least:.1f} processors busy in every round: "
              "its times below compare nothing")
    return min(quiet or runs, key=lambda run: run["fit_seconds"])


def report(room, run):
    model, depth, trees, threads = run.split(":")
    depth = "no limit of depth" if depth == "1024" else f"{depth} deep"
    ours, theirs = fastest(room / f"{run}.ours"), fastest(room / f"{run}.theirs")
    print(f"{model}, {trees} trees, {depth}, {threads} thread{'s' if threads != '1' else ''}")
    print(f"{'':28}{'ours':>10}{'XGBoost':>10}{'ratio':>8}")
    for name, key, unit in (("seconds", "fit_seconds", 1), ("peak MB", "peak_kb", 1000)):
        mine, other = ours[key] / unit, theirs[key] / unit
        print(f"{name:28}{mine:10.2f}{other:10.2f}{mine / other:8.2f}")
    print(f"{'':28}{'ours':>10}{'XGBoost':>10}{'apart':>8}")
    for name, key in (("AUC", "auc"), ("average precision", "average_precision"),
                      ("log loss", "logloss")):
        print(f"{name:28}{ours[key]:10.4f}{theirs[key]:10.4f}{ours[key] - theirs[key]:8.4f}")
    print(f"{'rows scored a second':28}{ours['score_rows_per_second']:10.0f}")
    if (room / f"{run}.tenth").exists():
        tenth = fastest(room / f"{run}.tenth")
        grown = (ours["fit_seconds"] / ours["rows"]) / (tenth["fit_seconds"] / tenth["rows"])
        print(f"a tenth of the rows took {tenth['fit_seconds']:.2f} s: "
              f"a row of all costs {grown:.2f} of what one costs there")


for run in sys.argv[2:]:
    report(pathlib.Path(sys.argv[1]), run)
