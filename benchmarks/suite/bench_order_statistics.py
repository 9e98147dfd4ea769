from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

import squarely as sq
from squarely.order_statistics import median_of_absolute_errors, quantiles_of_truth, trimmed_mean_of_squares
from squarely.pairing import PairedColumns, pair


def arrays(size: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    if kind == "ties":
        return rng.integers(0, 10, size).astype(float), rng.integers(0, 10, size).astype(float)
    y_true = rng.standard_normal(size)
    if kind == "spread":
        y_true *= 10.0 ** rng.integers(-300, 300, size)
    return y_true, y_true + 0.1 * rng.standard_normal(size)


def paired(y_true: np.ndarray, y_pred: np.ndarray) -> PairedColumns:
    return pair(y_true, y_pred, None, 0, "median_absolute_error", most_dimensions=2)


class OrderStatistics:
    """What needs every value in memory: filling the buffer, and selection by counting."""

    params = ((10_000, 1_000_000, 20_000_000), ("normal", "ties", "spread"), (1, 2))
    param_names = ("size", "kind", "threads")

    def setup(self, size: int, kind: str, threads: int) -> None:
        if threads > 1 and size < 1_000_000:
            raise NotImplementedError("short arrays are never shared between threads")
        self.pairs = paired(*arrays(size, kind))
        self.weights = np.random.default_rng(2).random(size)
        sq.set_num_threads(threads)

    def time_median_of_absolute_errors(self, size: int, kind: str, threads: int) -> None:
        median_of_absolute_errors(self.pairs, None, "raise")

    def time_weighted_median_of_absolute_errors(self, size: int, kind: str, threads: int) -> None:
        median_of_absolute_errors(self.pairs, self.weights, "raise")

    def time_quantile_of_truth(self, size: int, kind: str, threads: int) -> None:
        quantiles_of_truth(self.pairs, 0.9, None, "raise")

    def time_trimmed_mean_of_squares(self, size: int, kind: str, threads: int) -> None:
        trimmed_mean_of_squares(self.pairs, 0.1, "raise")


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(size: int, kind: str, threads: int, rounds: int) -> list[float]:
    """Return how many times as long scikit-learn takes, for each of the rounds, one after the other in one process."""
    from sklearn.metrics import median_absolute_error

    y_true, y_pred = arrays(size, kind)
    sq.set_num_threads(threads)
    ratios = []
    for _ in range(rounds + 1):
        own = seconds(lambda: median_of_absolute_errors(paired(y_true, y_pred), None, "raise"))
        ratios.append(seconds(lambda: median_absolute_error(y_true, y_pred)) / own)
    return ratios[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description="The median of absolute errors beside that of scikit-learn.")
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=50_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--kinds", nargs="+", default=["normal", "ties", "spread"])
    options = parser.parse_args()
    for kind in options.kinds:
        for threads in options.threads:
            ratios = sorted(compare(options.rows, kind, threads, options.rounds))
            print(
                f"{kind:8}{threads} thread(s): {statistics.median(ratios):.2f} times as fast "
                f"({ratios[0]:.2f} to {ratios[-1]:.2f}), {options.rows:,} rows"
            )


if __name__ == "__main__":
    main()
