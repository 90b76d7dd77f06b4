#!/usr/bin/env python3
"""An evaluation's JSON as a short table, and whether it reaches what it should."""
import json
import sys

LEAST = {("naive", "all"): 0.90, ("proxy", "all"): 0.75, ("targeted", "10+"): 0.50}
FACTOR = 1.5  # of a budget

found = json.load(open(sys.argv[1], encoding="utf-8"))
short = []


def recall(group, budget):
    if group[f"recall_at_{budget}"] is None:
        return "-"
    low, high = group[f"recall_at_{budget}_interval"]
    return f'{group[f"recall_at_{budget}"]:.3f} ({low:.3f}-{high:.3f})'


def number(value):
    return "-" if value is None else f"{value:.4f}"


def line(name, group):
    print(f'{name:<20}{group["attacks"]:>8}{group["victims"]:>8}{number(group["auc"]):>8}'
          f'{number(group["average_precision"]):>8}{recall(group, "1pct"):>22}'
          f'{recall(group, "01pct"):>22}{number(group["realised_fpr"]):>8}'
          f'{number(group["reauthentication_at_99pct"]):>8}')


split = found["split"]
print(f'{split["test_logins"]} logins measured, thresholds from {split["validation_logins"]}; '
      f'{split["bootstrap_rounds"]} rounds over victims; {found["seconds"]:.0f} s')
print(f'{"":<20}{"attacks":>8}{"victims":>8}{"AUC":>8}{"AP":>8}{"recall at 1 %":>22}'
      f'{"at 0.1 %":>22}{"FPR":>8}{"asked":>8}')
line("stack", found["models"]["stack"])
for kind in ("forest", "isolation"):
    line(kind, found["models"][kind])
for kind, group in found["baselines"].items():
    line(kind, group)
    if found["recall_at_1pct_interval"][0] <= group["recall_at_1pct_interval"][1]:
        short.append(f"recall at 1 % is not apart from that of {kind}")
print("the stack, by family")
for family, group in found["families"].items():
    line(family + ("" if group["trained_on"] else " *"), group)
line("hijack, by volume", found["session_hijack_by_volume"])
print("  * kept out of all training")
large = found["large_sessions"]
print("logged as large when they end: {hijacked_large} of {hijacked} hijacked sessions, "
      "{legitimate_large} of {legitimate} legitimate ones".format(**large))
print("the stack, by past logins")
for depth, group in found["by_depth"].items():
    line(depth, group)
for (family, depth), least in LEAST.items():
    group = found["families"][family]
    group = group if depth == "all" else group["by_depth"][depth]
    print(f'{family}, {depth}: {recall(group, "1pct")} at 1 %, {least} wanted')
    if group["recall_at_1pct"] is None or group["recall_at_1pct"] < least:
        short.append(f"{family} falls short of {least}")
for key, budget in (("realised_fpr", 0.01), ("realised_fpr_at_01pct", 0.001)):
    print(f"budget {budget:g}: realised {found[key]:.5f}, a factor of {found[key] / budget:.2f}")
    if not 1 / FACTOR < found[key] / budget < FACTOR:
        short.append(f"the budget of {budget:g} is missed by more than half")
print(f'probabilities off by {100 * found["calibration"]["error"]:.1f} points, '
      f'Brier score {found["calibration"]["brier"]:.4f}')
for warning in found["warnings"]:
    print("warning:", warning)
for reason in short:
    print("evaluate.sh:", reason, file=sys.stderr)
sys.exit(bool(short))
