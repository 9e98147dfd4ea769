"""What scores by group cost, beside inexact sums of DuckDB, polars, pandas and np.bincount in the same run.

python benchmarks/groups.py
python benchmarks/groups.py --rows 1e6 --groups 1000 --rounds 11 --threads 2

Dense codes are sums alone, in the core; keys are found by hashing, as the others do.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from compare import SEED

import squarely
from squarely import _core
from squarely.named_metrics import as_metrics
from squarely.scoring import configuration_of

Call = Callable[[], Any]

THREE = ("mse", "mae", "mean_error")


def is_here(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def sums_of_codes(metrics: tuple[str, ...], y: Any, p: Any, codes: Any, groups: int) -> Call:
    configuration = configuration_of(as_metrics(metrics, "groups"), "uniform_average", "raise", "exact")

    def call() -> None:
        grouped = _core.GroupedAccumulator(configuration)
        sums = _core.PassByGroup(configuration, groups)
        sums.update(y, p, codes)
        grouped.add(sums, (1,))

    return call


def of_codes(y: Any, p: Any, codes: Any, groups: int) -> Iterator[tuple[str, Call]]:
    yield "mse", sums_of_codes(("mse",), y, p, codes, groups)
    yield "mse, mae, bias", sums_of_codes(THREE, y, p, codes, groups)
    yield "r2", sums_of_codes(("r2",), y, p, codes, groups)
    mixed = 10.0 ** np.random.default_rng(SEED).integers(-4, 5, len(y))
    yield "mse of mixed scales", sums_of_codes(("mse",), y * mixed, p * mixed, codes, groups)
    yield "mse, sorted", sums_of_codes(("mse",), y, p, np.sort(codes), groups)
    yield "np.bincount of squares", lambda: np.bincount(codes, (y - p) ** 2)


def of_keys(y: Any, p: Any, keys: Any, threads: int) -> Iterator[tuple[str, Call]]:
    yield "squarely", lambda: squarely.evaluate(y, p, metrics="mse", by=keys)
    if is_here("duckdb"):
        import duckdb
        import pyarrow

        connection = duckdb.connect()
        connection.execute(f"set threads = {threads}")
        connection.register("arrow", pyarrow.table({"y": y, "p": p, "k": keys}))
        connection.execute("create table t as select * from arrow")
        query = "select k, avg((y - p) * (y - p)) from t group by k"
        yield "DuckDB", lambda: connection.sql(query).to_arrow_table()
    if is_here("polars"):
        import polars

        frame = polars.DataFrame({"y": y, "p": p, "k": keys})
        square = (polars.col("y") - polars.col("p")) ** 2
        yield "polars", lambda: frame.group_by("k").agg(square.mean())
    if is_here("pandas"):
        import pandas

        series = pandas.DataFrame({"y": y, "p": p, "k": keys})
        yield "pandas", lambda: ((series.y - series.p) ** 2).groupby(series.k).mean()


def race(calls: list[tuple[str, Call]], rounds: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Return the seconds of every call in every round, each round in a shuffled order."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in calls}
    order = random.Random(SEED)
    for _ in range(rounds):
        for name, call in order.sample(calls, len(calls)):
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return seconds


def show(title: str, calls: list[tuple[str, Call]], rows: int, rounds: int, clock: Callable[[], float]) -> None:
    seconds = race(calls, rounds, clock)
    first = next(iter(seconds.values()))
    for name, own in seconds.items():
        ratio = statistics.median(one / our for one, our in zip(own, first, strict=True))
        print(
            f"{title:28} {name:24} {statistics.median(own) / rows * 1e9:8.2f} ns{ratio:7.2f} to the first", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--groups", type=float, nargs="+", default=[1e3, 1e5, 1e6])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    rows = int(options.rows)
    rng = np.random.default_rng(SEED)
    y = rng.normal(size=rows)
    p = y + 0.3 * rng.normal(size=rows)
    print(f"{rows} rows, ns a row: dense codes by one thread (processor time), keys by {options.threads} (wall)")
    for groups in map(int, options.groups):
        codes = rng.integers(0, groups, rows).astype(np.uint32)
        squarely.set_num_threads(1)
        show(f"{groups} groups, codes", list(of_codes(y, p, codes, groups)), rows, options.rounds, time.process_time)
        squarely.set_num_threads(options.threads)
        anywhere = rng.integers(-(2**62), 2**62, groups)[codes]
        for what, keys in (("int64 keys", codes.astype(np.int64)), ("int64 keys anywhere", anywhere)):
            show(
                f"{groups} groups, {what}",
                list(of_keys(y, p, keys, options.threads)),
                rows,
                options.rounds,
                time.perf_counter,
            )


if __name__ == "__main__":
    main()
