"""Time the whole family of metrics beside a plain read of the data and beside scikit-learn, in one run.

    python benchmarks/family.py --rows 5e7 --rounds 7
    python benchmarks/family.py --rows 5e7 --targets all --no-peers

Every round times everyone once, in an order shuffled by a fixed seed; reported are medians, also of the ratios within
a round. The read of three arrays, the weights among them, is one and a half times that of two.
"""

from __future__ import annotations

import argparse
import functools
import random
import statistics
import time
from collections.abc import Callable

import numpy as np
from compare import SEED, Setting, chosen_targets, count, plain_kernels

import squarely as sq
from squarely.named_metrics import EVERYDAY

SEVEN = tuple(name for name in EVERYDAY if name != "mean_absolute_percentage_error")


def evaluated(y_true: np.ndarray, y_pred: np.ndarray, metrics: tuple[str, ...], weights: object = None) -> object:
    return sq.evaluate(y_true, y_pred, metrics=metrics, sample_weight=weights)


def ours(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> dict[str, Callable[[], object]]:
    def of(*metrics: str, weights: object = None) -> Callable[[], object]:
        return functools.partial(evaluated, y_true, y_pred, metrics, weights)

    return {
        "mse": of("mean_squared_error"),
        "mse, weighted": of("mean_squared_error", weights=weights),
        "mae": of("mean_absolute_error"),
        "r2": of("r2_score"),
        "seven without mape": of(*SEVEN),
        "eight everyday": of(*EVERYDAY),
        "msle": of("mean_squared_log_error"),
        "poisson deviance": of("mean_poisson_deviance"),
        "gamma deviance": of("mean_gamma_deviance"),
        "huber": of("mean_huber_loss"),
        "pearson": of("pearson_correlation"),
        "median": of("median_absolute_error"),
    }


def theirs(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> dict[str, Callable[[], object]]:
    from sklearn import metrics

    def eight() -> None:
        for name in EVERYDAY:
            if name != "mean_error":
                getattr(metrics, name)(y_true, y_pred)
        np.mean(y_pred - y_true)

    def of(name: str, **options: object) -> Callable[[], object]:
        return functools.partial(getattr(metrics, name), y_true, y_pred, **options)

    return {
        "mse": of("mean_squared_error"),
        "mse, weighted": of("mean_squared_error", sample_weight=weights),
        "eight everyday": eight,
        "msle": of("mean_squared_log_error"),
        "poisson deviance": of("mean_poisson_deviance"),
        "median": of("median_absolute_error"),
    }


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def positive(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth above zero, for logarithms, with errors of a few percent; made in pieces, to leave room for the peers."""
    rng = np.random.default_rng(SEED)
    y_true, y_pred, weights = (np.empty(rows) for _ in range(3))
    for first in range(0, rows, 1_000_000):
        part = slice(first, min(first + 1_000_000, rows))
        size = part.stop - part.start
        y_true[part] = rng.gamma(2.0, 2.0, size) + 0.01
        y_pred[part] = y_true[part] * rng.uniform(0.8, 1.2, size)
        weights[part] = rng.random(size)
    return y_true, y_pred, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=count, default=count("5e7"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--targets", nargs="+", default=["best"])
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    y_true, y_pred, weights = positive(options.rows)
    targets = chosen_targets(options.targets)
    setting = Setting(y_true, y_pred, options.threads, targets)
    sq.set_num_threads(options.threads)
    reads = {kernel.target: functools.partial(kernel.run, 1) for kernel in plain_kernels("read", "plain_read", setting)}
    contestants: list[tuple[str, str, Callable[[], object]]] = [("read", target, run) for target, run in reads.items()]
    for target in targets:
        contestants += [(name, target, run) for name, run in ours(y_true, y_pred, weights).items()]
    if not options.no_peers:
        contestants += [(name, "scikit-learn", run) for name, run in theirs(y_true, y_pred, weights).items()]
    times: dict[tuple[str, str], list[float]] = {(name, target): [] for name, target, _ in contestants}
    order = random.Random(SEED)
    for _ in range(options.rounds):
        order.shuffle(contestants)
        for name, target, run in contestants:
            if target in targets:
                sq.set_target(target)
            times[name, target].append(seconds(run))
    base = times["read", targets[0]]
    print(f"{options.rows:,} pairs, {options.threads} thread(s), {options.rounds} rounds")
    print(f"{'':22}{'':14}{'ns/pair':>9}{'to read':>9}{'spread':>8}")
    for (name, target), own in sorted(times.items(), key=lambda item: (item[0][1], statistics.median(item[1]))):
        against = times.get(("read", target), base)
        ratios = [one / other for one, other in zip(own, against, strict=True)]
        spread = (max(ratios) - min(ratios)) / statistics.median(ratios)
        nanoseconds = statistics.median(own) / options.rows * 1e9
        print(f"{name:22}{target:14}{nanoseconds:9.2f}{statistics.median(ratios):9.2f}{spread:8.0%}")


if __name__ == "__main__":
    main()
