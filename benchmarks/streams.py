"""Time updates by chunks beside one call over the whole, merges of many states, and windows, in one run.

    python benchmarks/streams.py --rows 2e7 --rounds 11

Every round times everyone once, in an order shuffled by a fixed seed. The throughput of chunks is that of one call on
as many threads divided into it, the median of the ratios within a round. Slicing the arrays is part of the time, and
taken off it in the column that says so.
"""

from __future__ import annotations

import argparse
import functools
import random
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from compare import SEED, count

import squarely as sq
from squarely.named_metrics import EVERYDAY

CHUNKS = (64, 512, 4096, 65_536, 1_048_576)
STATES = 10_000
WINDOW = 1000


def scored(metrics: Sequence[str] | None, y_true: np.ndarray, y_pred: np.ndarray, chunk: int) -> None:
    accumulator = sq.Accumulator(metrics)
    for first in range(0, len(y_true), chunk):
        accumulator.update(y_true[first : first + chunk], y_pred[first : first + chunk])
    accumulator.compute()


def sliced(y_true: np.ndarray, y_pred: np.ndarray, chunk: int) -> None:
    for first in range(0, len(y_true), chunk):
        y_true[first : first + chunk], y_pred[first : first + chunk]


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_rounds(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    order, shuffler = list(functions), random.Random(SEED)
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        shuffler.shuffle(order)
        for name in order:
            times[name].append(seconds(functions[name]))
    return times


def chunk_table(name: str, metrics: Sequence[str] | None, rows: int, rounds: int) -> None:
    rng = np.random.default_rng(SEED)
    y_true, noise = rng.standard_normal((2, rows))
    y_pred = y_true + 0.1 * noise
    functions: dict[str, Callable[[], object]] = {
        name: functools.partial(scored, metrics, y_true, y_pred, chunk)
        for name, chunk in [("whole", rows), *((f"{chunk}", chunk) for chunk in CHUNKS)]
    }
    times = in_rounds(functions, rounds)
    print(f"\n{name}, {rows:,} pairs, {sq.get_num_threads()} thread(s)")
    print(
        f"{'chunk':>9} {'throughput of one call':>23} {'without slicing':>16} {'million rows/s':>15} {'us a chunk':>11}"
    )
    for key, own in times.items():
        chunk = rows if key == "whole" else int(key)
        slicing = statistics.median(seconds(lambda: sliced(y_true, y_pred, chunk)) for _ in range(3))  # noqa: B023
        ratio = statistics.median(one / other for one, other in zip(times["whole"], own, strict=True))
        alone = statistics.median(one / (other - slicing) for one, other in zip(times["whole"], own, strict=True))
        median = statistics.median(own)
        print(
            f"{key:>9} {ratio:>22.1%} {alone:>15.1%} {rows / median / 1e6:>15.0f} {median / rows * chunk * 1e6:>11.2f}"
        )


def merge_table(rounds: int) -> None:
    rng = np.random.default_rng(SEED)
    states = [sq.Accumulator(EVERYDAY).update(*rng.standard_normal((2, 10))) for _ in range(STATES)]
    travelled = [state.to_bytes() for state in states]

    def merge() -> None:
        total = sq.Accumulator(EVERYDAY)
        for state in states:
            total.merge(state)

    times = in_rounds(
        {
            "merge into one": merge,
            "sum()": lambda: sum(states),
            "to_bytes": lambda: [state.to_bytes() for state in states],
            "from_bytes": lambda: [sq.Accumulator.from_bytes(state) for state in travelled],
        },
        rounds,
    )
    print(f"\n{STATES:,} states of eight metrics, {len(travelled[0])} bytes each")
    for name, own in times.items():
        print(f"{name:>15} {statistics.median(own) * 1e3:>8.1f} ms")


def window_table(rows: int, rounds: int) -> None:
    y_true, y_pred = np.random.default_rng(SEED).standard_normal((2, rows))

    def roll(metrics: Sequence[str] | None, chunk: int) -> None:
        rolling = sq.RollingAccumulator(metrics, window=WINDOW)
        for first in range(0, rows, chunk):
            rolling.update(y_true[first : first + chunk], y_pred[first : first + chunk])

    times = in_rounds(
        {
            f"{name}, {chunk} row(s) an update": lambda metrics=metrics, chunk=chunk: roll(metrics, chunk)  # type: ignore[misc]
            for name, metrics in (("squared errors", None), ("eight metrics", EVERYDAY))
            for chunk in (1, 64, 4096)
        },
        rounds,
    )
    print(f"\nwindow of {WINDOW} rows over {rows:,}")
    for name, own in times.items():
        print(f"{name:>40} {statistics.median(own) / rows * 1e9:>9.1f} ns a row")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=count, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 0], help="0 for as many as the machine has")
    arguments = parser.parse_args()
    for threads in arguments.threads:
        sq.set_num_threads(threads)
        chunk_table("squared errors", None, arguments.rows, arguments.rounds)
        chunk_table("eight metrics", EVERYDAY, arguments.rows, arguments.rounds)
    merge_table(arguments.rounds)
    window_table(min(arguments.rows, 100_000), arguments.rounds)


if __name__ == "__main__":
    main()
