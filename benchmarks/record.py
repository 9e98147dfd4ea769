"""Run the benchmarks that the site shows, and write what each prints into docs/measured, with its command and machine.

All take about an hour, on a machine that has nothing else to do; some may be named, and --missing are those of which
nothing is written yet. --quick is tiny: do they run?

    python benchmarks/record.py
    python benchmarks/record.py --missing
    python benchmarks/record.py family groups
    python benchmarks/record.py --quick --into /tmp/measured
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from compare import surroundings

BENCHMARKS = Path(__file__).parent
MEASURED = BENCHMARKS.parent / "docs" / "measured"
PEERS = ("scikit-learn", "torch", "numkong", "numexpr", "numba", "duckdb", "polars", "pandas", "pyarrow")


class Run(NamedTuple):
    """A command, and what it is asked."""

    question: str
    command: str
    quick: str
    """Arguments that make it short."""


RUNS = {
    "compare": Run(
        "Mean squared error beside the peers and beside the machine's limit",
        "compare.py --sizes 100 1e4 1e6 1e8",
        "--sizes 100 1e4 --dtypes float64 --threads 1 --rounds 3",
    ),
    "family": Run("All metrics, alone and in one pass", "family.py", "--rows 1e5 --rounds 3"),
    "files": Run("Files beside DuckDB, polars and pandas", "files.py --peers", "--gigabytes 0.01 --rounds 1"),
    "groups": Run("Scores by group", "groups.py", "--rows 1e5 --groups 1e2 --rounds 2"),
    "joins": Run("Joins by an id", "joins.py", "--rows 1e5 --rounds 2"),
    "layouts": Run("Element types, layouts, masks and NaN", "layouts.py", "--bytes 4e6 --rounds 2"),
    "short_calls": Run("Calls of a hundred pairs, as ratios to NumPy's own expression", "short_calls.py", "--rounds 3"),
    "streams": Run("Chunks, merges and windows", "streams.py", "--rows 1e5 --rounds 2 --threads 1"),
    "memory": Run("Memory and import", "memory.py", "--rows 1e6 --threads 1 --import-rounds 2"),
    "pictures": Run("Counts by size", "pictures.py --data normal sales wide", "--rows 1e5 --rounds 2"),
    "worst": Run("The worst rows", "worst.py", "--rows 1e5 --rounds 2"),
}


def printed_by(command: list[str]) -> str:
    """Run a program, show what it prints as it comes, and return it."""
    lines = []
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=BENCHMARKS) as program:
        for line in program.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if program.returncode:
        sys.exit(f"{' '.join(command)} failed with {program.returncode}")
    return "".join(lines)


def record(run: Run, quick: bool) -> dict[str, Any]:
    """Return all that the site says of a run."""
    command = f"{run.command} {run.quick}" if quick else run.command
    print(f"\n==== {command}", flush=True)
    facts, start = surroundings(PEERS), time.monotonic()
    printed = printed_by(command.split())
    minutes = round((time.monotonic() - start) / 60, 1)
    return {
        "question": run.question,
        "command": f"python benchmarks/{command}",
        "minutes": minutes,
        **facts,
        "printed": printed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; all by default")
    parser.add_argument("--missing", action="store_true", help="those that are not in the folder yet")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, whose numbers say nothing")
    parser.add_argument("--into", type=Path, default=MEASURED, metavar="FOLDER")
    options = parser.parse_args()
    if unknown := set(options.names) - set(RUNS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    options.into.mkdir(parents=True, exist_ok=True)
    for name in options.names or RUNS:
        file = options.into / f"{name}.json"
        if options.missing and file.exists():
            continue
        facts = record(RUNS[name], options.quick)
        file.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
