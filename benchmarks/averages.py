"""Averages over a file as other libraries take them, beside squarely's exact ones: called by `files.py --peers`.

Each contestant runs in a process of its own, which reads the file once before it is timed: the file is in the page
cache, and libraries have started their threads. All get the same number of threads, where they have a setting for it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SEED = 20240229
TRUE = "y"
PREDICTIONS = ("model_a", "model_b")
AGREEMENT = 1e-9  # relative: the averages of others are rounded
STATUS = Path("/proc/self/status")

Averages = list[float]  # of each prediction the mean squared error, and the mean absolute one


def squarely(threads: int) -> Callable[[str], Averages]:
    import squarely as sq

    sq.set_num_threads(threads)

    def averages(path: str) -> Averages:
        report = sq.score_files(path, true=TRUE, pred=PREDICTIONS, metrics=["mse", "mae"], threads=threads)
        return [float(report[metric][name]) for name in PREDICTIONS for metric in ("mse", "mae")]

    return averages


def duckdb(threads: int) -> Callable[[str], Averages]:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    terms = (f"avg(({TRUE}-{name})*({TRUE}-{name})), avg(abs({TRUE}-{name}))" for name in PREDICTIONS)
    selected = ", ".join(terms)

    def averages(path: str) -> Averages:
        row = connection.execute(f"select {selected} from '{path}'").fetchone()
        return [] if row is None else list(row)

    return averages


def polars(engine: str, threads: int) -> Callable[[str], Averages]:
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    errors = [polars.col(TRUE) - polars.col(name) for name in PREDICTIONS]
    terms = [term for error in errors for term in ((error * error).mean(), error.abs().mean())]
    named = [term.alias(str(number)) for number, term in enumerate(terms)]

    def averages(path: str) -> Averages:
        frame: Any = polars.scan_csv(path) if path.endswith(".csv") else polars.scan_parquet(path)
        return list(frame.select(named).collect(engine=engine).row(0))

    return averages


def pandas(threads: int) -> Callable[[str], Averages]:
    import pandas
    import pyarrow

    pyarrow.set_cpu_count(threads)
    columns = [TRUE, *PREDICTIONS]

    def averages(path: str) -> Averages:
        is_csv = path.endswith(".csv")
        frame: Any = pandas.read_csv(path, usecols=columns) if is_csv else pandas.read_parquet(path, columns=columns)
        errors = [frame[TRUE] - frame[name] for name in PREDICTIONS]
        return [float(term.mean()) for error in errors for term in (error * error, error.abs())]

    return averages


CONTESTANTS: dict[str, tuple[str, Callable[[int], Callable[[str], Averages]]]] = {  # and what has to be installed
    "squarely": ("squarely", squarely),
    "duckdb": ("duckdb", duckdb),
    "polars": ("polars", lambda threads: polars("in-memory", threads)),
    "polars streaming": ("polars", lambda threads: polars("streaming", threads)),
    "pandas": ("pandas", pandas),
}


# ------------------------------------------------------------------------------------------------------ one contestant


def largest_resident() -> int:
    rows = STATUS.read_text().splitlines() if STATUS.exists() else []
    return next((1024 * int(row.split()[1]) for row in rows if row.startswith("VmHWM")), 0)


def measure(name: str, path: str, threads: int) -> dict[str, Any]:
    averages = CONTESTANTS[name][1](threads)
    averages(path)
    start, busy = time.perf_counter(), time.process_time()
    found = averages(path)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return {"seconds": seconds, "processor_seconds": busy, "peak": largest_resident(), "averages": found}


def measure_in_fresh_process(name: str, path: str, threads: int) -> dict[str, Any]:
    command = [sys.executable, __file__, name, path, str(threads)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


# ----------------------------------------------------------------------------------------------------- all contestants


def installed() -> list[str]:
    """Return who can run, and say who cannot."""
    there = []
    for name, (package, _) in CONTESTANTS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name} is left out: pip install {package}")
        else:
            there.append(name)
    return there


def compare(way: str, path: str, threads: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Time every contestant once a round, in a shuffled order; print medians, and medians of ratios within a round."""
    names = installed()
    shuffled = random.Random(SEED)
    results = []
    print(
        f"{'':14}{'':18}{'threads':>8}{'seconds':>9}{'to ours':>9}{'processor':>11}{'to ours':>9}{'peak MB':>9}"
        f"   {os.path.getsize(path) / 1e6:.0f} MB, {rounds} rounds"
    )
    for count in threads:
        samples: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in shuffled.sample(names, len(names)):
                samples[name].append(measure_in_fresh_process(name, path, count))
        for name in names:
            check_agreement(name, samples[name][0]["averages"], samples["squarely"][0]["averages"])
            line = summary(samples[name], samples["squarely"])
            print(
                f"{way:14}{name:18}{count:8}{line['seconds']:9.3f}{line['seconds to ours']:9.2f}"
                f"{line['processor_seconds']:11.3f}{line['processor_seconds to ours']:9.2f}{line['peak'] / 1e6:9.0f}",
                flush=True,
            )
            results.append({"way": way, "contestant": name, "threads": count, **line})
    return results


def summary(samples: Sequence[dict[str, Any]], ours: Sequence[dict[str, Any]]) -> dict[str, float]:
    found = {"peak": max(sample["peak"] for sample in samples)}
    for what in ("seconds", "processor_seconds"):
        found[what] = statistics.median(sample[what] for sample in samples)
        ratios = (sample[what] / our[what] for sample, our in zip(samples, ours, strict=True))
        found[f"{what} to ours"] = statistics.median(ratios)
    return found


def check_agreement(name: str, found: Averages, ours: Averages) -> None:
    if not all(math.isclose(one, other, rel_tol=AGREEMENT) for one, other in zip(found, ours, strict=True)):
        sys.exit(f"{name} found other averages: {found}, and squarely {ours}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=CONTESTANTS)
    parser.add_argument("path")
    parser.add_argument("threads", type=int)
    options = parser.parse_args()
    print(json.dumps(measure(options.name, options.path, options.threads)))


if __name__ == "__main__":
    main()
