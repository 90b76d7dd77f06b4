"""The table at the end: aligned, made for reading, coloured on a terminal only."""

import os
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass

COLOURS = {"allow": "32", "log": "36", "step-up": "33", "deny": "31"}
MIN_REASONS = 30
INDENT, GAP = "  ", "  "
VERDICT, NUMBERS = 5, {4, 7}  # columns


@dataclass
class Row:
    title: str
    user: str
    address: str
    place: str
    method: str
    risk: float
    verdict: str
    outcome: str
    reasons: str
    added_ms: float


def print_table(rows, out=sys.stdout):
    """Each row under its title; the reasons beside it, or below it on a narrow terminal."""
    is_terminal = out.isatty()
    colour = is_terminal and "NO_COLOR" not in os.environ
    heads = ["user", "address", "place", "method", "risk", "verdict", "login", "ms"]
    cells = [[row.user, row.address, row.place, row.method, f"{row.risk:.3f}", row.verdict,
              row.outcome, f"{row.added_ms:.1f}"] for row in rows]
    widths = [max(len(line[column]) for line in [heads, *cells]) for column in range(len(heads))]
    columns = shutil.get_terminal_size((140, 24)).columns if is_terminal else 140
    used = len(INDENT) + sum(widths) + len(GAP) * len(widths)
    beside = columns - used >= MIN_REASONS
    out.write(INDENT + GAP.join(_padded(heads, widths)) + GAP + "strongest reasons\n")
    out.write("─" * columns + "\n")
    for row, line in zip(rows, cells):
        padded = _padded(line, widths)
        if colour:
            padded[VERDICT] = f"\x1b[{COLOURS.get(row.verdict, '0')}m{padded[VERDICT]}\x1b[0m"
        reasons = textwrap.wrap(_strongest(row.reasons), columns - used if beside else columns - 4)
        out.write(f"\x1b[1m{row.title}\x1b[0m\n" if colour else f"{row.title}\n")
        out.write(INDENT + GAP.join(padded) + GAP + (reasons.pop(0) if beside and reasons else ""))
        out.write("\n")
        for rest in reasons:
            out.write(" " * (used if beside else 4) + rest + "\n")
    out.write("─" * columns + "\n")
    out.write("ms: what the check added to the login, in milliseconds\n")
    out.flush()


def _padded(cells, widths):
    return [cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths))]


def _strongest(reasons, count=3):
    """The first reasons without their shares, each once."""
    words = dict.fromkeys(re.sub(r" \([^)]*\)$", "", part) for part in reasons.split(", ") if part)
    return ", ".join(list(words)[:count])
