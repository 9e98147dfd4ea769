"""What counts by size cost, beside a plain read of both arrays and beside np.histogram of the residuals.

    python benchmarks/pictures.py --rows 5e7 --rounds 7

One thread. CPU time of the process, interleaved rounds; medians, and ratios to the read within a round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import squarely as sq

Array = npt.NDArray[np.float64]


def normal(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    y_true = rng.standard_normal(rows)
    return y_true, y_true + 0.1 * rng.standard_normal(rows)


def sales(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    """Return whole numbers of which most are zero, and as many predictions that are right."""
    y_true = np.where(rng.random(rows) < 0.25, np.floor(rng.lognormal(0, 1, rows)), 0.0)
    return y_true, np.where(rng.random(rows) < 0.75, y_true, y_true + 1)


def wide(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    y_true = rng.lognormal(0, 3, rows)
    return y_true, y_true * (1 + 0.3 * rng.standard_normal(rows))


DATA = {"normal": normal, "sales": sales, "wide": wide}


def summed(y_true: Array, y_pred: Array, *metrics: object, pictures: bool = False) -> None:
    sq.Accumulator(metrics, pictures=pictures).update(y_true, y_pred)


def contestants(y_true: Array, y_pred: Array) -> dict[str, Callable[[], object]]:
    quantile = sq.metric("quantile_absolute_error", q=0.9)
    least, greatest = float(np.min(y_true - y_pred)), float(np.max(y_true - y_pred))
    return {
        "read": lambda: (np.sum(y_true), np.sum(y_pred)),
        "mse mae r2": lambda: summed(y_true, y_pred, "mse", "mae", "r2"),
        "mse mae r2, residuals by size": lambda: summed(y_true, y_pred, "mse", "mae", "r2", quantile),
        "residuals by size alone": lambda: summed(y_true, y_pred, quantile),
        "everyday metrics": lambda: sq.Accumulator().update(y_true, y_pred),
        "mse mae r2 max": lambda: summed(y_true, y_pred, "mse", "mae", "r2", "max"),
        "mse mae r2 max, pictures": lambda: summed(y_true, y_pred, "mse", "mae", "r2", "max", pictures=True),
        "np.histogram, 100 bins": lambda: np.histogram(y_true - y_pred, 100, (least, greatest)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=5e7)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", nargs="+", choices=DATA, default=["normal"])
    asked = parser.parse_args()
    sq.set_num_threads(1)
    for name in asked.data:
        y_true, y_pred = DATA[name](np.random.default_rng(20260101), int(asked.rows))
        ways = contestants(y_true, y_pred)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(asked.rounds):
            for way, run in ways.items():
                before = time.process_time()
                run()
                times[way].append(time.process_time() - before)
        print(f"\n{name}, {len(y_true):,} rows     ns a pair   to the read")
        for way, own in times.items():
            ratio = statistics.median(t / read for t, read in zip(own, times["read"], strict=True))
            print(f"{way:34} {statistics.median(own) / len(y_true) * 1e9:8.2f} {ratio:10.2f}")


if __name__ == "__main__":
    main()
